/** The rooms that this browser entered lately, newest first. They are kept here only; where nothing is kept, there are none. */

import { keep, recall } from "../timers/keepsakes.js";

const KEY = "tomato.rooms";
const MOST = 6;

export class RecentRooms {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  /** `[{code, name, at}]`, `at` in local milliseconds. */
  list() {
    const kept = recall(KEY, this.#storage);
    return Array.isArray(kept) ? kept.filter((room) => /^[A-Z2-9]{6}$/.test(room?.code)) : [];
  }

  enter(code, name, at) {
    const rooms = [{ code, name, at }, ...this.#others(code)];
    keep(KEY, rooms.sort((one, other) => other.at - one.at).slice(0, MOST), this.#storage);
  }

  forget(code) {
    keep(KEY, this.#others(code), this.#storage);
  }

  #others(code) {
    return this.list().filter((room) => room.code !== code);
  }
}
