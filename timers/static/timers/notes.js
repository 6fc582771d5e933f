/**
 * The line below each timer: what was done to it or went wrong, and what may be done about that. Knows no element.
 * An offer stands for five seconds, unless it `stays`, and on while the keyboard is on one; a line that is `passing` goes
 * with it.
 */

const OFFERED_FOR_MS = 5_000;

export class Notes {
  #lines = {};
  #leaving = {};
  #onchange;
  #isHeld;

  /** `isHeld()` says whether the keyboard is on an offer. */
  constructor(onchange, isHeld) {
    this.#onchange = onchange;
    this.#isHeld = isHeld;
  }

  /** `text` is a sentence, or makes one of the instant. An offer is `{name, word, take}`. */
  write(id, text, { offers = [], passing = false, stays = false, complaint = false } = {}) {
    clearTimeout(this.#leaving[id]);
    delete this.#lines[id];
    this.#lines[id] = { text, offers, complaint, passing };
    if (offers.length > 0 && !stays) this.#endLater(id, passing);
    this.#onchange();
  }

  clear(id) {
    clearTimeout(this.#leaving[id]);
    delete this.#lines[id];
    this.#onchange();
  }

  /** What was wrong no longer is. */
  clearComplaints(ids = Object.keys(this.#lines)) {
    for (const id of ids) if (this.#lines[id]?.complaint) this.clear(id);
  }

  /** While commands wait there is nothing to say but what went wrong. */
  of(id, waits) {
    const line = this.#lines[id];
    return line === undefined || (waits && !line.complaint) ? null : line;
  }

  /** The line of what was done last and may yet be undone. */
  get passing() {
    return Object.values(this.#lines).findLast(({ passing }) => passing) ?? null;
  }

  #endLater(id, passing) {
    const end = () => (this.#isHeld() ? this.#endLater(id, passing) : this.#end(id, passing));
    this.#leaving[id] = setTimeout(end, OFFERED_FOR_MS);
  }

  #end(id, passing) {
    if (passing) return this.clear(id);
    this.#lines[id].offers = [];
    this.#onchange();
  }
}
