/**
 * <tm-people invite="…" qr="…">: everybody in the room with what they do, one's own name to give, and a knock for each
 * of the others. It asks by the events `rename`, `skip` and `knock`. Its markup is that of templates/rooms/_people.html,
 * which a browser test compares.
 */

import { ALONE, HEARD, here, KNOCK, knockAt, more, NAMING, PEOPLE, willHear } from "#rooms/words";
import { timeOfDay } from "../timers/countdown.js";
import { html, nothing, render } from "../timers/vendor/lit-html.js";
import { absent, freeAt, headcount, inOrder, line, untilNextMinute } from "./people.js";

const AT_MOST_EVERY_MS = 200;
const DOT = html`<i> · </i>`;

class PeopleElement extends HTMLElement {
  #state = null;
  #renaming = false;
  #rows = new Map();
  #next = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => this.#show(), { signal });
    this.addEventListener("keydown", (event) => this.#escape(event), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#next);
  }

  /**
   * `model`; `timer(id)` as it is shown; `now()` on the server's clock; `waits`; `asks`: your name is not known yet;
   * `knocks`, yours; `note`, text or null.
   */
  set state(state) {
    if (this.#state === null) this.replaceChildren();
    this.#state = state;
    this.#show();
  }

  get isNaming() {
    return this.#renaming || this.#state.asks;
  }

  get isAsked() {
    return this.#state.asks;
  }

  /** Opens the field for one's name. */
  rename() {
    this.#renaming = true;
    this.#show();
    this.querySelector("#name").select();
  }

  save(event) {
    event.preventDefault();
    const name = new FormData(event.target).get("name").trim();
    if (name !== "") this.#close("rename", { name });
  }

  skip() {
    this.#close("skip");
  }

  cancel() {
    this.#close();
  }

  knock(member) {
    const { waits, knocks } = this.#state;
    if (!waits && !knocks.of(member)) this.dispatchEvent(new CustomEvent("knock", { detail: { member } }));
  }

  #escape({ key, target }) {
    if (key !== "Escape" || !target.closest(".naming")) return;
    if (this.isAsked) this.skip();
    else this.cancel();
  }

  #close(type = null, detail = {}) {
    this.#renaming = false;
    if (type !== null) this.dispatchEvent(new CustomEvent(type, { detail }));
    this.#show();
    this.querySelector("[data-act=rename]")?.focus({ preventScroll: true });
  }

  #show() {
    if (this.#state === null || !this.isConnected) return;
    const { model, timer, now } = this.#state;
    const moment = now();
    const members = inOrder(model, timer);
    render(template(this.#state, members.length, this), this);
    this.#draw(members, moment);
    this.#showAgainIn(untilNextMinute(Object.keys(model.timers).map(timer), moment));
  }

  /** Each person keeps their row, so that what has the focus in it stays theirs when somebody passes them. */
  #draw(members, moment) {
    const rows = new Map(members.map(({ id }) => [id, this.#rows.get(id) ?? document.createElement("li")]));
    this.#rows = rows;
    for (const member of members) this.#drawRow(rows.get(member.id), member, moment);
    arrange(this.querySelector("ul"), [...rows.values()]);
  }

  #drawRow(row, member, moment) {
    const { model, timer } = this.#state;
    const isYou = member.id === model.you?.member;
    const [own, room] = [timer(member.id), timer("room")];
    const shown = line(member, isYou, own, room, moment);
    row.dataset.phase = shown.phase;
    row.toggleAttribute("data-away", shown.away);
    render(isYou ? you(shown, this.#state, this) : other(shown, freeAt(own, room), this.#state, this), row);
  }

  #showAgainIn(wait_ms) {
    clearTimeout(this.#next);
    if (wait_ms !== null) this.#next = setTimeout(() => this.#show(), Math.max(AT_MOST_EVERY_MS, wait_ms));
  }
}

/** Moves only what is out of its place. */
function arrange(list, rows) {
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const kept = new Set(rows);
  for (const row of [...list.children]) if (!kept.has(row)) row.remove();
  rows.forEach((row, index) => row !== list.children[index] && list.insertBefore(row, list.children[index] ?? null));
  if (held !== document.activeElement) held?.focus();
}

function template({ model, note }, listed, element) {
  const people = headcount(model);
  const rest = more(people, listed);
  return html`<header>
      <h2 id="people">${PEOPLE}</h2>
      <span class="muted small">${here(people, absent(model))}</span>
    </header>
    <ul class="people"></ul>
    ${rest ? html`<p class="muted small">${rest}</p>` : nothing}
    ${note ? html`<p class="note">${note}</p>` : nothing}
    ${people < 2 ? alone(element.getAttribute("invite"), element.getAttribute("qr")) : nothing}`;
}

function other(line, free_at, { waits, knocks }, element) {
  const knock = knocks.of(line.id);
  const answer = knock === "waits" ? willHear(free_at && timeOfDay(free_at)) : HEARD;
  return html`${who(line)}<button
      type="button"
      class=${knock ? "btn ghost knocked" : "btn ghost"}
      data-act="knock"
      aria-label=${knock ? `${line.name} ${answer}` : knockAt(line.name)}
      aria-disabled=${waits || knock ? "true" : nothing}
      @click=${() => element.knock(line.id)}
    >${knock ? answer : KNOCK}</button>`;
}

function you(line, { waits }, element) {
  if (element.isAsked) return html`${who(line)}${form(line, element)}`;
  if (element.isNaming) return html`${avatar(line)}${form(line, element)}`;
  return html`${who(line)}<button
      type="button"
      class="btn icon ghost"
      data-act="rename"
      aria-label=${NAMING.change}
      title=${NAMING.change}
      aria-disabled=${waits ? "true" : nothing}
      @click=${() => !waits && element.rename()}
    ><svg aria-hidden="true" focusable="false"><use href="#i-pencil"></use></svg></button>`;
}

/** Who is asked for a name has none yet, and may do without. */
function form(line, element) {
  const { isAsked } = element;
  return html`<form class=${isAsked ? "addline naming asked" : "addline naming"} @submit=${(event) => element.save(event)}>
    <label class="sr" for="name">${NAMING.label}</label>
    <input
      id="name"
      name="name"
      maxlength="40"
      required
      autocomplete="nickname"
      placeholder=${isAsked ? NAMING.label : nothing}
      .value=${isAsked ? "" : line.name}
    />
    <button class="btn">${NAMING.save}</button>
    ${isAsked
      ? html`<button type="button" class="btn ghost" data-act="skip" @click=${() => element.skip()}>${NAMING.skip}</button>`
      : html`<button type="button" class="btn ghost" data-act="cancel" @click=${() => element.cancel()}>${NAMING.cancel}</button>`}
  </form>`;
}

function who(line) {
  const doing = line.doing.split(" · ").map((part, index) => html`<span>${index > 0 ? DOT : nothing}${part}</span>`);
  const time = line.time === "" ? nothing : html`<span class="time">${DOT}${line.time}</span>`;
  return html`${avatar(line)}<span class="who"><strong>${line.name}</strong><small>${doing}${time}</small></span>`;
}

function avatar({ initials, tint }) {
  return html`<span class="avatar" data-tint=${tint} aria-hidden="true">${initials}</span>`;
}

function alone(invite, qr) {
  return html`<div class="alone">
    <img class="qr" src=${qr} width="112" height="112" alt="" />
    <p class="muted small">${ALONE}<br /><a href=${invite}>${invite}</a></p>
  </div>`;
}

customElements.define("tm-people", PeopleElement);
