/**
 * The name that somebody has given themselves in a room, or that they would rather give none, remembered in this browser
 * for the next room. It knows no room; a browser that remembers nothing is no failure.
 */

import { isDefaultName } from "./names.js";

const KEY = "tomato.name";
const NONE = "";

export class OwnName {
  #storage;
  #known;
  #offered = false;

  /** `storage` is a function because a browser may forbid even to look at its storage. */
  constructor(storage = () => localStorage) {
    this.#storage = storage;
    this.#known = this.#recall();
  }

  remember(name) {
    this.#known = name;
    try {
      this.#storage().setItem(KEY, name);
    } catch {
      // Then the next room does not know it.
    }
  }

  /** Somebody wants to be what the server calls them. */
  skip() {
    this.remember(NONE);
  }

  /** Whether to ask somebody who is called `present` for their name: once in this browser. */
  asks(present) {
    return this.#known === null && isDefaultName(present);
  }

  /** The name to take, once, where one is called `present`: null where somebody has a name already or none is known. */
  offer(present) {
    this.#known = this.#recall() ?? this.#known; // another tab may have said so since
    if (this.#offered || !isDefaultName(present) || isDefaultName(this.#known ?? NONE)) return null;
    this.#offered = true;
    return this.#known;
  }

  #recall() {
    try {
      return this.#storage().getItem(KEY);
    } catch {
      return null;
    }
  }
}
