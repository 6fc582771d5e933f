/** The page of one's own timer. Where it was opened without a server it begins with what this browser heard of it last. */

import { BACK } from "#timers/words";
import { Page } from "./page.js";

const isKept = document.querySelector("[data-kept]") !== null;
const { remembered } = isKept ? await import("./deeds.js") : {};
const snapshot = isKept ? (written) => remembered(written, Date.now()) : undefined;

const timer = document.querySelector("tm-timer");

const page = new Page("/ws/solo", { solo: { element: timer, prefix: "" } }, undefined, snapshot);
const begin = document.querySelector("[data-act=begin]");

if (begin !== null) {
  page.watch(() => begin.classList.toggle("spent", page.timers[0].status !== "stopped"));
  begin.addEventListener("click", (event) => {
    event.preventDefault();
    page.ask({ type: "timer:start" });
    timer.querySelector("[data-act=main]").focus();
  });
}

if (isKept) {
  page.watch(showWhetherRoomsAreThere);
  const stopWaiting = page.watch(() => {
    if (!page.session.connection.live) return;
    stopWaiting();
    page.announcer.say(BACK);
  });
}

page.start();

function showWhetherRoomsAreThere() {
  const { live, away } = page.session.connection;
  const shown = live && !away ? "live" : "away";
  for (const sentence of document.querySelectorAll("[data-while]")) sentence.hidden = sentence.dataset.while !== shown;
}
