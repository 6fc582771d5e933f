/**
 * <tm-people invite="…">: everybody in the room with their own timers, and one's own name to change. It asks by a
 * `rename` event. Its markup is that of templates/rooms/_people.html, which a browser test compares.
 */

import { untilNextSecond } from "../timers/countdown.js";
import { html, nothing, render } from "../timers/vendor/lit-html.js";
import { headcount, here, inOrder, line, more } from "./people.js";

const AT_MOST_EVERY_MS = 200;

class PeopleElement extends HTMLElement {
  #state = null;
  #renaming = false;
  #next = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => this.#show(), { signal });
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.rename(false), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#next);
  }

  /** `model`; `timer(id)` as it is shown; `now()` on the server's clock; `waits`; `note`, text or null. */
  set state(state) {
    if (this.#state === null) this.replaceChildren();
    this.#state = state;
    this.#show();
  }

  /** Opens or closes the field for one's name. */
  rename(open) {
    if (open === this.#renaming) return;
    this.#renaming = open;
    this.#show();
    if (open) this.querySelector("input").select();
    else this.querySelector("[data-act=rename]").focus();
  }

  save(event) {
    event.preventDefault();
    const name = new FormData(event.target).get("name").trim();
    if (name === "") return;
    this.dispatchEvent(new CustomEvent("rename", { detail: { name } }));
    this.rename(false);
  }

  #show() {
    if (this.#state === null || !this.isConnected) return;
    const { model, timer, now } = this.#state;
    const moment = now();
    const lines = inOrder(model).map((member) => line(member, timer(member.id), moment));
    render(template(this.#state, lines, this.#renaming, this), this);
    this.#showAgainIn(untilNextSecond(Object.keys(model.timers).map(timer), moment));
  }

  #showAgainIn(wait_ms) {
    clearTimeout(this.#next);
    if (wait_ms !== null) this.#next = setTimeout(() => this.#show(), Math.max(AT_MOST_EVERY_MS, wait_ms));
  }
}

function template({ model, waits, note }, lines, renaming, element) {
  const people = headcount(model);
  const rest = more(people, lines.length);
  return html`<header>
      <h2 id="people">People</h2>
      <span class="muted small">${here(people)}</span>
    </header>
    <ul class="people">
      ${lines.map((line) => (line.id === model.you?.member ? you(line, waits, renaming, element) : other(line)))}
    </ul>
    ${rest ? html`<p class="muted small">${rest}</p>` : nothing}
    ${note ? html`<p class="note">${note}</p>` : nothing}
    ${people < 2 ? alone(element.getAttribute("invite")) : nothing}`;
}

function other(line) {
  return html`<li data-phase=${line.phase}>
    ${avatar(line)}<span class="who"><strong>${line.name}</strong><small>${line.doing}</small></span
    ><span class="time">${line.time}</span>
  </li>`;
}

function you(line, waits, renaming, element) {
  if (renaming) return form(line, element);
  return html`<li data-phase=${line.phase}>
    ${avatar(line)}<span class="who"><strong>${line.name}</strong><small>You · ${line.doing}</small></span
    ><button
      type="button"
      class="btn icon ghost"
      data-act="rename"
      aria-label="Change your name"
      title="Change your name"
      aria-disabled=${waits ? "true" : nothing}
      @click=${() => !waits && element.rename(true)}
    ><svg aria-hidden="true" focusable="false"><use href="#i-pencil"></use></svg></button
    ><span class="time">${line.time}</span>
  </li>`;
}

function form(line, element) {
  return html`<li data-phase=${line.phase}>
    ${avatar(line)}
    <form class="addline naming" @submit=${(event) => element.save(event)}>
      <label class="sr" for="name">Your name</label>
      <input id="name" name="name" maxlength="40" required autocomplete="nickname" .value=${line.name} />
      <button class="btn">Save</button>
    </form>
  </li>`;
}

function avatar({ initials }) {
  return html`<span class="avatar" aria-hidden="true">${initials}</span>`;
}

function alone(invite) {
  return html`<p class="alone muted small">
    You are the first one here. Share this link:<br /><a href=${invite}>${invite}</a>
  </p>`;
}

customElements.define("tm-people", PeopleElement);
