/** The rooms that this browser entered lately, newest first. They are kept here only; where nothing is kept, there are none. */

const KEY = "tomato.rooms";
const MOST = 6;

export class RecentRooms {
  #storage;

  /** `storage` is a function because a browser may forbid even to look at its storage. */
  constructor(storage = () => localStorage) {
    this.#storage = storage;
  }

  /** `[{code, name, at}]`, `at` in local milliseconds. */
  list() {
    try {
      return JSON.parse(this.#storage().getItem(KEY)).filter(({ code }) => /^[A-Z2-9]{6}$/.test(code));
    } catch {
      return [];
    }
  }

  enter(code, name, at) {
    const rooms = [{ code, name, at }, ...this.#others(code)];
    this.#keep(rooms.sort((one, other) => other.at - one.at).slice(0, MOST));
  }

  forget(code) {
    this.#keep(this.#others(code));
  }

  #others(code) {
    return this.list().filter((room) => room.code !== code);
  }

  #keep(rooms) {
    try {
      this.#storage().setItem(KEY, JSON.stringify(rooms));
    } catch {
      // Then they are not remembered.
    }
  }
}
