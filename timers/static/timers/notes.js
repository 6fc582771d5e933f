/**
 * The line below each timer: what was done to it or went wrong, and what may be done about that. Knows no element.
 * An offer stands for five seconds, unless it `stays`; a line that is `passing` goes with it.
 */

const OFFERED_FOR_MS = 5_000;

export class Notes {
  #lines = {};
  #leaving = {};
  #onchange;

  constructor(onchange) {
    this.#onchange = onchange;
  }

  /** `text` is a sentence, or makes one of the instant. An offer is `{name, word, take}`. */
  write(id, text, { offers = [], passing = false, stays = false, complaint = false } = {}) {
    clearTimeout(this.#leaving[id]);
    delete this.#lines[id];
    this.#lines[id] = { text, offers, complaint, passing };
    if (offers.length > 0 && !stays) this.#leaving[id] = setTimeout(() => this.#end(id, passing), OFFERED_FOR_MS);
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

  #end(id, passing) {
    if (passing) return this.clear(id);
    this.#lines[id].offers = [];
    this.#onchange();
  }
}
