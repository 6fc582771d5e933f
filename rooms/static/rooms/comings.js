/**
 * Who comes and who goes, gathered into one sentence at most every ten seconds, so that a busy room does not talk over the
 * timer.
 */

import { comings } from "#rooms/words";

const SUMMARY_EVERY_MS = 10_000;

export class Comings {
  #say;
  #name;
  #arrived = [];
  #left = [];
  #summary = null;

  /** `name(member)` is asked when it is told: whoever comes says who they are a moment later. */
  constructor(say, name) {
    [this.#say, this.#name] = [say, name];
  }

  /** Ids of members. */
  tell({ arrived, left }) {
    this.#arrived.push(...arrived);
    this.#left.push(...left);
    this.#summary ??= setTimeout(() => this.#summarise(), SUMMARY_EVERY_MS);
  }

  #summarise() {
    this.#say(comings(this.#arrived.map(this.#name), this.#left.map(this.#name)));
    [this.#arrived, this.#left, this.#summary] = [[], [], null];
  }
}
