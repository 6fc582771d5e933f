/** What a screen reader is told, through the page's one polite live region. */

export class Announcer {
  #region;

  constructor(region) {
    this.#region = region;
  }

  /** A sentence that is the same as the last one is spoken again only if the text differs, hence the blank. */
  say(sentence) {
    this.#region.textContent = this.#region.textContent === sentence ? `${sentence}\u00a0` : sentence;
  }
}
