/**
 * <tm-control>: who controls the shared timer, in a sentence, with the button that changes it for whom it may. Its markup
 * is that of templates/rooms/_control.html, which a browser test compares.
 */

import { CHANGE, CHANGE_CONTROL } from "#rooms/words";
import { html, nothing, render } from "../timers/vendor/lit-html.js";
import { mayConfigure, rules } from "./control.js";

class ControlElement extends HTMLElement {
  #shown = false;

  /** `model` of the room; `name(member)`; `change()` opens the sheet. */
  set state({ model, name, change }) {
    if (!this.#shown) this.replaceChildren();
    this.#shown = true;
    const sentence = rules(model, name);
    const mayChange = mayConfigure(model.settings, model.you.member);
    render(sentence ? html`<p class="muted small" id="control">${sentence}</p>${button(mayChange, change)}` : nothing, this);
  }
}

function button(shown, change) {
  if (!shown) return nothing;
  return html`<button type="button" class="offer" data-act="control" aria-label=${CHANGE_CONTROL} @click=${change}>${CHANGE}</button>`;
}

customElements.define("tm-control", ControlElement);
