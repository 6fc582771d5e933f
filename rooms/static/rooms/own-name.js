/**
 * The name that somebody has given themselves in a room, remembered in this browser for the next one. It knows no room;
 * a browser that remembers nothing is no failure.
 */

import { isDefaultName } from "../timers/words.js";

const KEY = "tomato.name";

export class OwnName {
  #storage;
  #offered = false;

  /** `storage` is a function because a browser may forbid even to look at its storage. */
  constructor(storage = () => localStorage) {
    this.#storage = storage;
  }

  remember(name) {
    try {
      this.#storage().setItem(KEY, name);
    } catch {
      // Then the next room does not know it.
    }
  }

  /** The name to take, once, where one is called `present`: null where somebody has a name already or none is known. */
  offer(present) {
    const name = this.#recall();
    if (this.#offered || !isDefaultName(present) || isDefaultName(name)) return null;
    this.#offered = true;
    return name;
  }

  #recall() {
    try {
      return this.#storage().getItem(KEY) ?? "";
    } catch {
      return "";
    }
  }
}
