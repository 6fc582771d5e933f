/** <tm-knocks>: who has knocked at you, until you have seen it, which it tells by the event `dismiss`. */

import { DISMISS } from "#rooms/words";
import { html, nothing, render } from "../timers/vendor/lit-html.js";

class KnocksElement extends HTMLElement {
  #sentences = new Map();

  /** One line for each person, however often they knock. */
  add(by, sentence) {
    this.#sentences.delete(by);
    this.#sentences.set(by, sentence);
    this.#show();
  }

  dismiss() {
    this.clear();
    this.dispatchEvent(new CustomEvent("dismiss"));
    document.querySelector("tm-timer [data-act=main]").focus();
  }

  clear() {
    this.#sentences.clear();
    this.#show();
  }

  #show() {
    const said = [...this.#sentences.values()].join(" ");
    render(said === "" ? nothing : row(said, this), this);
  }
}

function row(said, element) {
  return html`<p class="notice">
    <span class="grow">${said}</span
    ><button type="button" class="btn" data-act="dismiss" @click=${() => element.dismiss()}>${DISMISS}</button>
  </p>`;
}

customElements.define("tm-knocks", KnocksElement);
