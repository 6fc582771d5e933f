/** <tm-recent>: the rooms that this browser entered lately, each to go back to or to be forgotten. */

import { FORGET, forget, FORGOTTEN, RECENT, titled } from "#rooms/recent-words";
import { OFFERS } from "#timers/words";
import { Notes } from "../timers/notes.js";
import { html, nothing, render } from "../timers/vendor/lit-html.js";
import { ago } from "./ago.js";
import { RecentRooms } from "./recent-rooms.js";

const NOTE = "forgotten";

class RecentElement extends HTMLElement {
  #rooms = new RecentRooms();
  #notes = new Notes(() => this.#show());
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    addEventListener("pageshow", () => this.#show(), { signal: this.#listening.signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  forget(room) {
    this.#rooms.forget(room.code);
    this.#notes.write(NOTE, FORGOTTEN, { offers: [{ take: () => this.#rooms.enter(room.code, room.name, room.at) }], passing: true });
    document.getElementById("announcements").textContent = FORGOTTEN;
    this.#restFocus();
  }

  undo({ take }) {
    take();
    this.#notes.clear(NOTE);
    this.#restFocus();
  }

  #restFocus() {
    (this.querySelector("li button") ?? document.getElementById("code")).focus();
  }

  #show() {
    const [rooms, note] = [this.#rooms.list(), this.#notes.of(NOTE, false)];
    render(rooms.length > 0 || note ? template(rooms, note, Date.now(), this) : nothing, this);
  }
}

function template(rooms, note, now, element) {
  const list = html`<h3 id="recent">${RECENT}</h3>
    <ul aria-labelledby="recent">
      ${rooms.map((room) => line(room, now, element))}
    </ul>`;
  return html`${rooms.length > 0 ? list : nothing} ${note ? remark(note, element) : nothing}`;
}

function remark({ text, offers: [offer] }, element) {
  return html`<p class="muted small">
    ${text} <button type="button" class="offer" @click=${() => element.undo(offer)}>${OFFERS.undo}</button>
  </p>`;
}

function line(room, now, element) {
  const { code, name, at } = room;
  const title = name || titled(code);
  return html`<li class="row">
    <a class="grow" href="/room/${code}"
      ><strong>${title}</strong><small class="muted">${name ? `${code} · ` : ""}${ago(now - at)}</small></a
    ><button type="button" class="btn ghost" aria-label=${forget(title)} @click=${() => element.forget(room)}>
      ${FORGET}
    </button>
  </li>`;
}

customElements.define("tm-recent", RecentElement);
