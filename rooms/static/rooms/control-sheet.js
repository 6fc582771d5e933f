/** The sheet in which the maker of a room says who controls its timer, and who gets in. Loaded when it is opened. */

import * as WORDS from "#rooms/control-words";
import { REASON, refused } from "#timers/words";
import { Sheet } from "../timers/sheet.js";
import { toggle } from "../timers/switches.js";
import { html, nothing } from "../timers/vendor/lit-html.js";
import { mayConfigure } from "./control.js";

export function open(page) {
  page.trouble.control = null;
  new ControlSheet(page).sheet.open();
}

class ControlSheet {
  sheet;
  #page;

  constructor(page) {
    this.#page = page;
    this.sheet = new Sheet(page, WORDS.TITLE, () => this.#content());
  }

  get #settings() {
    return this.#page.session.model.settings;
  }

  get #you() {
    return this.#page.session.model.you.member;
  }

  #ask(message) {
    this.#page.request(message);
  }

  #content() {
    const { maker, control, pause_allowed } = this.#settings;
    const { session, trouble } = this.#page;
    if (!mayConfigure(this.#settings, this.#you)) return html`<p>${WORDS.theirs(session.name(maker))}</p>`;
    const { waits } = session.connection;
    const isNamed = control === "named";
    const allow = (on) => this.#ask({ type: "room:configure", pause_allowed: on });
    return html`${maker === null ? html`<p>${WORDS.NOBODYS}</p>` : nothing}
      <section>
        <h3>${WORDS.CONTROL}</h3>
        <fieldset ?disabled=${waits}>
          <legend class="sr">${WORDS.CONTROL}</legend>
          ${toggle(WORDS.NAMED, isNamed, (on) => this.#choose(on), WORDS.NAMED_HOW)} ${isNamed ? this.#chosen() : nothing}
          ${toggle(WORDS.PAUSING, pause_allowed, allow, WORDS.PAUSING_HOW)}
        </fieldset>
        ${this.#handing(waits)}
      </section>
      ${this.#locking(waits)}
      <p class="problem" role="status">${waits ? REASON : (trouble.control ?? nothing)}</p>`;
  }

  /** Where nobody is the maker, who chooses is among the chosen. */
  #choose(on) {
    const { maker, controllers } = this.#settings;
    if (!on) return this.#ask({ type: "room:configure", control: "everyone" });
    const chosen = maker === null && controllers.length === 0 ? [this.#you] : controllers;
    this.#ask({ type: "room:configure", control: "named", controllers: chosen });
  }

  /** Who is here, and who is chosen without being here. */
  #chosen() {
    const { maker, controllers } = this.#settings;
    const present = this.#page.session.model.members.map(({ id }) => id);
    const all = [...new Set([...present, ...controllers, ...(maker === null ? [] : [maker])])];
    const person = (member) => {
      const isMaker = member === maker;
      const set = (on) => {
        const others = controllers.filter((other) => other !== member);
        this.#ask({ type: "room:configure", controllers: on ? [...others, member] : others });
      };
      const isChosen = isMaker || controllers.includes(member);
      return toggle(this.#name(member), isChosen, set, isMaker ? WORDS.MAKER : nothing, isMaker);
    };
    return html`<div class="chosen" role="group" aria-label=${WORDS.CHOSEN}>${all.map(person)}</div>`;
  }

  #handing(waits) {
    const { maker } = this.#settings;
    const others = this.#page.session.model.members.filter(({ id }) => id !== maker);
    if (others.length === 0) return nothing;
    const give = (event) => {
      event.preventDefault();
      this.#ask({ type: "room:hand-over", member: new FormData(event.target).get("member") });
    };
    return html`<form class="addline handing" @submit=${give}>
      <label class="field grow"
        ><span>${WORDS.HAND_OVER_TO}</span
        ><select name="member" ?disabled=${waits}>
          ${others.map(({ id }) => html`<option value=${id}>${this.#name(id)}</option>`)}
        </select></label
      ><button class="btn" ?disabled=${waits}>${WORDS.HAND_OVER}</button>
      <p class="muted small">${WORDS.HAND_OVER_HOW}</p>
    </form>`;
  }

  // The passcode

  #locking(waits) {
    const { locked } = this.#page.session.model.room;
    const lock = (event) => {
      event.preventDefault();
      this.#lock(new FormData(event.target).get("passcode"));
      event.target.reset();
    };
    const remove = html`<button type="button" class="btn ghost" ?disabled=${waits} @click=${() => this.#lock(null)}>
      ${WORDS.REMOVE}
    </button>`;
    return html`<section>
      <h3>${WORDS.ENTRY}</h3>
      <form class="addline handing" @submit=${lock}>
        <label class="field grow"
          ><span>${locked ? WORDS.OTHER_PASSCODE : WORDS.PASSCODE}</span
          ><input
            name="passcode"
            required
            maxlength="64"
            pattern=".*\\S.*"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            ?disabled=${waits} /></label
        ><button class="btn" ?disabled=${waits}>${WORDS.SET}</button>${locked ? remove : nothing}
        <p class="muted small">${WORDS.PASSCODE_HOW}</p>
      </form>
    </section>`;
  }

  /** The room then says by itself that it is locked, or no longer is. */
  async #lock(passcode) {
    const code = await this.#tell("passcode", { passcode });
    if (code === null) this.#page.offerUndo(passcode === null ? WORDS.UNLOCKED : WORDS.LOCKED, () => this.#tell("passcode/undo", {}));
  }

  /** What was wrong, or null. */
  async #tell(what, body) {
    const { room } = this.#page.session.model;
    this.#page.trouble.control = null;
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(`/api/rooms/${room.code}/${what}`, request).catch(() => null);
    const code = answer?.ok ? null : ((await answer?.json().catch(() => null))?.code ?? "unavailable");
    if (code !== null) this.#page.complain(null, refused(code), { type: "room:lock" });
    return code;
  }

  #name(member) {
    const name = this.#page.session.name(member);
    return member === this.#you ? WORDS.me(name) : name;
  }
}
