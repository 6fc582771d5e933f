/**
 * <tm-pill>: the state of the connection in a word. <tm-connection>: the row that says what is wrong, and the card that
 * explains a refusal. Both show what `connection.js` says and ask for a new try by a `retry` event.
 */

import { html, nothing, render } from "./vendor/lit-html.js";

class PillElement extends HTMLElement {
  #shown = false;

  /** `quiet` pills are shown only when something is wrong. */
  set look({ pill, waits }) {
    if (!this.#shown) this.replaceChildren();
    this.#shown = true;
    const hidden = this.hasAttribute("quiet") && !waits;
    render(html`<span class="pill ${kind(pill, waits)}" ?hidden=${hidden}>${pill}</span>`, this);
  }
}

const kind = (pill, waits) => (waits ? "warn" : pill === "Live" ? "ok" : "calm");

class ConnectionElement extends HTMLElement {
  set look({ notice, refusal }) {
    render(refusal ? card(refusal, this) : notice ? row(notice, this) : nothing, this);
  }

  retry() {
    this.dispatchEvent(new CustomEvent("retry"));
  }
}

function row(notice, element) {
  return html`<p class="notice">
    <span class="grow">${notice}</span
    ><button type="button" class="btn" @click=${() => element.retry()}>Retry now</button>
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
customElements.define("tm-connection", ConnectionElement);
