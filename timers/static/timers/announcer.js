/**
 * What a screen reader is told, through the page's one polite live region. Comings and goings are gathered into one
 * sentence at most every ten seconds, so that a busy room does not talk over the timer.
 */

import { comings } from "./words.js";

const SUMMARY_EVERY_MS = 10_000;

export class Announcer {
  #region;
  #arrived = [];
  #left = [];
  #summary = null;

  constructor(region) {
    this.#region = region;
  }

  /** A sentence that is the same as the last one is spoken again only if the text differs, hence the blank. */
  say(sentence) {
    this.#region.textContent = this.#region.textContent === sentence ? `${sentence}\u00a0` : sentence;
  }

  people({ arrived, left }) {
    this.#arrived.push(...arrived);
    this.#left.push(...left);
    this.#summary ??= setTimeout(() => this.#summarise(), SUMMARY_EVERY_MS);
  }

  #summarise() {
    this.say(comings(this.#arrived, this.#left));
    [this.#arrived, this.#left, this.#summary] = [[], [], null];
  }
}
