/**
 * Who comes and who goes, gathered into one sentence at most every ten seconds, so that a busy room does not talk over the
 * timer.
 */

import { comings } from "#rooms/words";

const SUMMARY_EVERY_MS = 10_000;

export class Comings {
  #say;
  #arrived = [];
  #left = [];
  #summary = null;

  constructor(say) {
    this.#say = say;
  }

  /** Names. */
  tell({ arrived, left }) {
    this.#arrived.push(...arrived);
    this.#left.push(...left);
    this.#summary ??= setTimeout(() => this.#summarise(), SUMMARY_EVERY_MS);
  }

  #summarise() {
    this.#say(comings(this.#arrived, this.#left));
    [this.#arrived, this.#left, this.#summary] = [[], [], null];
  }
}
