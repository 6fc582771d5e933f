/** A sheet over the page: a native dialog with a heading and a way out. What is in it is drawn by its owner. */

import { CLOSE } from "#timers/sheet-words";
import { html, nothing, render } from "./vendor/lit-html.js";

const COMPLAINS_FOR_MS = 8_000;

export class Sheet {
  /** What is wrong with one of its fields at the moment: the `field`'s name and a `sentence`; or null. */
  complaint = null;

  #dialog = document.createElement("dialog");
  #title;
  #content;
  #page;
  #unwatch = null;
  #forgiving = null;

  /** `content()` is drawn when the sheet opens, and again whenever the page is. */
  constructor(page, title, content) {
    this.#page = page;
    this.#title = title;
    this.#content = content;
    this.#dialog.className = "sheet";
    this.#dialog.setAttribute("aria-labelledby", "sheet-title");
    this.#dialog.addEventListener("close", () => this.#leave());
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close());
  }

  /** One at a time. */
  open() {
    if (document.querySelector("dialog[open]")) return;
    document.body.append(this.#dialog);
    this.#unwatch = this.#page.watch(() => this.draw());
    this.draw();
    this.#dialog.showModal();
  }

  draw() {
    render(
      html`<div class="leaf">
        <header>
          <h2 id="sheet-title">${this.#title}</h2>
          <button
            type="button"
            class="btn icon ghost"
            data-act="close"
            aria-label=${CLOSE}
            title=${CLOSE}
            @click=${() => this.#dialog.close()}
          ><svg aria-hidden="true" focusable="false"><use href="#i-close"></use></svg></button>
        </header>
        ${this.#content()} ${this.#status()}
      </div>`,
      this.#dialog,
    );
  }

  complain(field, sentence) {
    clearTimeout(this.#forgiving);
    this.#forgiving = setTimeout(() => this.forgive(), COMPLAINS_FOR_MS);
    this.complaint = { field, sentence };
    this.draw();
  }

  forgive() {
    clearTimeout(this.#forgiving);
    this.complaint = null;
    this.draw();
  }

  #status() {
    const line = this.complaint === null ? this.#page.undoable : { text: this.complaint.sentence, offers: [] };
    const offer = ({ name, word, take }) =>
      html` <button type="button" class="offer" data-act=${name} @click=${() => this.#accept(take)}>${word}</button>`;
    return html`<p class="note" role="status"><span>${line?.text ?? nothing}</span>${(line?.offers ?? []).map(offer)}</p>`;
  }

  /** An offer goes away with the press. */
  #accept(take) {
    take();
    this.#dialog.querySelector("[data-act=close]").focus();
  }

  #leave() {
    clearTimeout(this.#forgiving);
    this.#unwatch();
    this.#dialog.remove();
  }
}
