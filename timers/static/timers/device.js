/** What the device around the page is told of its first timer: its lock screen, its badge, and to keep its screen on. */

import { endsAt } from "#timers/later-words";
import { PHASES } from "#timers/words";
import { remaining, timeOfDay } from "./countdown.js";

const MINUTE_MS = 60_000;

export class Device {
  #give;
  #told = {};
  #sentinel = null;
  #asking = false;

  /** `give` gives a command to the timer, as its buttons do. */
  constructor(give) {
    this.#give = give;
    if ("mediaSession" in navigator) this.#listen();
  }

  show(timer, now, { awake }) {
    const minutes = timer.status === "running" ? Math.ceil(remaining(timer, now) / MINUTE_MS) : 0;
    this.#tell("badge", minutes, () => this.#badge(minutes));
    this.#tell("session", `${timer.status} ${timer.phase} ${timer.ends_at}`, () => this.#describe(timer));
    this.#keepAwake(awake && timer.status === "running");
  }

  #tell(what, word, act) {
    if (this.#told[what] === word) return;
    this.#told[what] = word;
    act();
  }

  #badge(minutes) {
    if (!("setAppBadge" in navigator) || !matchMedia("(display-mode: standalone)").matches) return;
    if (minutes > 0) navigator.setAppBadge(minutes).catch(() => {});
    else navigator.clearAppBadge().catch(() => {});
  }

  #listen() {
    const acts = { play: "start", pause: "pause", nexttrack: "skip" };
    for (const [action, name] of Object.entries(acts)) {
      navigator.mediaSession.setActionHandler(action, () => this.#give({ type: `timer:${name}` }));
    }
  }

  #describe({ status, phase, ends_at }) {
    if (!("mediaSession" in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.playbackState = { running: "playing", paused: "paused", stopped: "none" }[status];
    const artist = ends_at === null ? "tomato" : `tomato · ${endsAt(timeOfDay(ends_at))}`;
    mediaSession.metadata = status === "stopped" ? null : new MediaMetadata({ title: PHASES[phase], artist });
  }

  /** A browser lets the screen go when the page is hidden; it is asked anew when the page is seen. */
  async #keepAwake(wanted) {
    if (!wanted) this.#sentinel?.release();
    const has = this.#asking || this.#sentinel?.released === false;
    if (!wanted || has || document.visibilityState !== "visible") return;
    this.#asking = true;
    this.#sentinel = await stayAwake();
    this.#asking = false;
  }
}

/** Null where the browser does not want to, as with a low battery. */
export async function stayAwake() {
  try {
    return await navigator.wakeLock.request("screen");
  } catch {
    return null;
  }
}
