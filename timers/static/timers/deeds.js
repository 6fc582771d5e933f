/**
 * What this browser keeps of one's own timer for when there is no server: the timer as it was last heard of, and the
 * commands that the server has not answered yet. All tabs share it.
 */

import { DEEDS, keep, recall, TIMER } from "./keepsakes.js";

export class Deeds {
  #storage;
  #works = true;

  constructor(storage) {
    this.#storage = storage;
  }

  /** Keeps a command that `member` gave to their timer when its version was `v`. */
  add({ id, message, about }, member, v) {
    this.#write([...this.#all.filter((other) => other.id !== id), { id, message, about, member, v }]);
  }

  drop(id) {
    this.#write(this.#all.filter((other) => other.id !== id));
  }

  /** The commands of this person, and those given before anybody was known here, oldest first. */
  of(member) {
    return this.#all.filter((deed) => deed.member === undefined || deed.member === member);
  }

  /** The ids of all that is kept; null where nothing could be. */
  ids() {
    return this.#works ? new Set(this.#all.map(({ id }) => id)) : null;
  }

  /** Calls `react` whenever another tab has kept something. */
  listen(react) {
    globalThis.addEventListener?.("storage", ({ key }) => key === DEEDS && react());
  }

  get #all() {
    return recall(DEEDS, this.#storage) ?? [];
  }

  #write(deeds) {
    this.#works = keep(DEEDS, deeds.length === 0 ? null : deeds, this.#storage);
  }
}

/** A snapshot of nobody in particular, with the timer that this browser heard of last. */
export function remembered(snapshot, now, storage) {
  const kept = recall(TIMER, storage);
  if (kept?.timer === undefined) return { ...snapshot, now_at: now };
  return { ...snapshot, now_at: now + kept.offset, you: kept.you, v: kept.v, timers: [kept.timer] };
}
