/**
 * <tm-pill>: the state of the connection in a word. <tm-step>: how far the page may be off. <tm-connection>: the row that
 * says what is wrong, and the card that explains a refusal. All show what `connection.js` says; the last asks for a new
 * try by a `retry` event, and tells by a `wrong` event what a screen reader is to be told of it, once.
 */

import { NOT_LOADED, PILLS, RETRY } from "#timers/words";
import { html, nothing, render } from "./vendor/lit-html.js";

class PillElement extends HTMLElement {
  #shown = false;

  /** `quiet` pills are shown only when something is wrong. */
  set look({ pill, live, away }) {
    if (!this.#shown) this.replaceChildren();
    this.#shown = true;
    const hidden = this.hasAttribute("quiet") && !away;
    render(html`<span class="pill ${kind(live, away)}" ?hidden=${hidden}>${pill}</span>`, this);
  }
}

class StepElement extends HTMLElement {
  set look({ away, step }) {
    render(away ? nothing : (step ?? nothing), this);
  }
}

const kind = (live, away) => (away ? "warn" : live ? "ok" : "calm");

const UNEXPLAINED = { title: PILLS.refused, why: NOT_LOADED, action: RETRY, href: "" };

class ConnectionElement extends HTMLElement {
  #code = null;
  #told = false;

  set look({ notice, refusal }) {
    if (refusal === null) render(notice ? row(notice, this) : nothing, this);
    else if (refusal !== this.#code) this.#explain(refusal);
    this.#code = refusal;
    if (notice && !this.#told) this.#tell(notice.match(/^.+?\.(?= |$)/)[0]);
    this.#told = notice !== null;
  }

  async #explain(code) {
    const explained = await import("./refusals.js").then(({ refusal }) => refusal(code), () => null);
    if (this.#code !== code) return;
    render(card(explained ?? UNEXPLAINED, this), this);
    this.#tell(`${(explained ?? UNEXPLAINED).title}.`);
  }

  #tell(sentence) {
    this.dispatchEvent(new CustomEvent("wrong", { detail: sentence }));
  }

  retry() {
    this.dispatchEvent(new CustomEvent("retry"));
  }
}

function row(notice, element) {
  return html`<p class="notice">
    <span class="grow">${notice}</span
    ><button type="button" class="btn" @click=${() => element.retry()}>${RETRY}</button>
  </p>`;
}

function card({ title, why, action, href }, element) {
  return html`<section class="card empty" aria-labelledby="refusal">
    <h2 id="refusal">${title}</h2>
    <p>${why}</p>
    ${href === null
      ? html`<button type="button" class="btn primary" @click=${() => element.retry()}>${action}</button>`
      : html`<a class="btn primary" href=${href}>${action}</a>`}
  </section>`;
}

customElements.define("tm-pill", PillElement);
customElements.define("tm-step", StepElement);
customElements.define("tm-connection", ConnectionElement);
