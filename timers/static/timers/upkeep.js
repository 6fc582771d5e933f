/**
 * What makes a page last: the service worker, which keeps what the timer needs for when there is no server; the timers
 * as they were last heard of, for the page that begins there and for who comes back when a phase has ended; and the news
 * that the site has been renewed since this page was loaded. Loaded once the page is live.
 */

import { NEWER } from "#timers/later-words";
import { DEEDS, keep, recall, ROOM, TIMER } from "./keepsakes.js";
import { endsSince } from "./session.js";

const VERSION = document.querySelector("meta[name=version]").content;
const WORKER = `/sw.js?language=${document.documentElement.lang}`;

export class Upkeep {
  #page;
  #registration = null;
  #kept = [];

  constructor(page) {
    this.#page = page;
    this.#tellEnds();
    page.watch(() => this.#remember());
    this.#remember();
    if (recall(DEEDS) !== null) page.session.prepare();
    if (VERSION !== "" && "serviceWorker" in navigator) this.#register();
  }

  /** Asks the server whether there is something newer. */
  look() {
    this.#registration?.update().catch(() => {});
  }

  /**
   * What ended while no tab was open. That a shared timer ran to its end unhindered, and nobody moved it meanwhile, only
   * the break shows that began at that very instant.
   */
  #tellEnds() {
    const { session } = this.#page;
    const { you, timers } = session.model;
    const kept = recall(this.#key);
    if (kept?.you?.member !== you.member) return;
    const once = kept.shared?.ends_at === timers.room?.started_at ? [kept.timer, kept.shared] : [kept.timer];
    for (const news of endsSince(once.filter(Boolean), timers, session.now())) this.#page.hear(news);
  }

  /** A member is another one in each room, so `you` says of which room this is. */
  #remember() {
    const { you, v, timers } = this.#page.session.model;
    const [timer, shared] = [timers.solo ?? timers[you.member], timers.room];
    if (timer === this.#kept[0] && shared === this.#kept[1]) return;
    this.#kept = [timer, shared];
    keep(this.#key, { offset: -this.#page.session.ahead, you, v, timer, shared });
  }

  get #key() {
    return this.#page.session.model.room === null ? TIMER : ROOM;
  }

  async #register() {
    this.#registration = await navigator.serviceWorker.register(theWorker()).catch(() => null);
    if (!this.#registration) return;
    this.#consider(this.#registration.waiting);
    this.#registration.addEventListener("updatefound", () => this.#await(this.#registration.installing));
  }

  #await(worker) {
    worker.addEventListener("statechange", () => worker.state === "installed" && this.#consider(this.#registration.waiting));
  }

  /** A worker that came with this page takes over at once; a newer one, when the page may be loaded again. */
  async #consider(worker) {
    if (worker === null || navigator.serviceWorker.controller === null) return;
    const answer = await fetch(worker.scriptURL).catch(() => null);
    const takeOver = () => worker.postMessage("take over");
    if ((await answer?.text())?.includes(VERSION)) return takeOver();
    this.#page.offer(NEWER.text, "reload", NEWER.word, () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      takeOver();
    });
  }
}

/** The address of the one script that may be registered, as a browser with a strict policy wants it. */
function theWorker() {
  const policy = globalThis.trustedTypes?.createPolicy("service-worker", { createScriptURL: () => WORKER });
  return policy?.createScriptURL("") ?? WORKER;
}
