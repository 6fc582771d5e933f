/** One's own knocks: at whom, and whether they have heard it, which is shown for a moment. It knows no element. */

const HEARD_FOR_MS = 5_000;

export class Knocks {
  #knocks = new Map();
  #onchange;

  constructor(onchange) {
    this.#onchange = onchange;
  }

  /** "waits", "heard", or undefined where there is none. */
  of(member) {
    return this.#knocks.get(member);
  }

  knock(member) {
    this.#knocks.set(member, "waits");
  }

  /** It came to nothing. */
  drop(member) {
    this.#knocks.delete(member);
  }

  hear(member) {
    this.#knocks.set(member, "heard");
    setTimeout(() => this.#forget(member), HEARD_FOR_MS);
  }

  /** The knocks at somebody who leaves leave with them. */
  keep(members) {
    for (const member of this.#knocks.keys()) if (!members.has(member)) this.drop(member);
  }

  /** Unless there has been another one since. */
  #forget(member) {
    if (this.of(member) === "heard") this.drop(member);
    this.#onchange();
  }
}
