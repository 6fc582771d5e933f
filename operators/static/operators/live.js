/** Keeps an operator's page fresh: what the server writes into it each second takes the place of what is there. */

import { LiveSocket, socketUrl } from "../timers/live-socket.js";
import { patch } from "./patch.js";

const page = document.querySelector("#live");
const state = document.querySelector(".live-state");

const STATES = { online: "Live", connecting: "Connecting", waiting: "Not live: reconnecting" };
const REFUSED = {
  4401: "You have been logged out: reload the page and log in.",
  4403: "You may no longer see this page.",
  4429: "Too many came from your address just now: wait a moment, then reload the page.",
};

const socket = new LiveSocket(socketUrl(page.dataset.socket));

socket.onmessage = (message) => {
  if (message.type === "live:page") patch(page, message.html);
};

socket.onstate = ({ state: name, code }) => {
  state.textContent = REFUSED[code] ?? STATES[name] ?? "Not live";
  page.classList.toggle("live-stale", name === "waiting" || name === "refused");
};

/** Nobody looks at a hidden page, so nothing is asked for it. */
function lookIfSeen() {
  if (document.visibilityState === "visible") socket.start();
  else socket.stop();
}

document.addEventListener("visibilitychange", lookIfSeen);
lookIfSeen();
