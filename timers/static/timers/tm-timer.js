/**
 * <tm-timer kind="solo|room|me">: one timer with its dial and its buttons. It shows what it is given and asks by a
 * `command` event whose detail is the message for the server, or says by a `refused` one that it may not; it decides
 * nothing. Its markup is that of templates/timers/_timer.html, which a browser test compares.
 */

import { ends, forAll, MAIN, more, PHASE, PHASES, REASON, RESET, round, skipTo, spoken } from "#timers/words";
import { colour, creeps, face, pips, remaining, ringOffset, timeOfDay, untilNextSecond } from "./countdown.js";
import { PRESS } from "./keys.js";
import { html, nothing, render } from "./vendor/lit-html.js";

class TimerElement extends HTMLElement {
  #state = null;
  #next = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => this.#show(), { signal });
    this.addEventListener("mousedown", leaveFocus, { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#next);
  }

  /**
   * `timer`; `now()` on the server's clock; `waits`: no command can be given; `barred`: which ones may not be (see
   * page.js), or null; `starter`, text or null; `note`, what stands below it with its offers (see notes.js), or null.
   */
  set state(state) {
    if (this.#state === null) this.replaceChildren();
    this.#state = state;
    this.#show();
  }

  #show() {
    if (this.#state === null || !this.isConnected) return;
    const now = this.#state.now();
    render(template(this.getAttribute("kind"), this.#state, now, this), this);
    this.#restorePhase();
    this.#showAgainIn(untilNextSecond([this.#state.timer], now));
    this.dispatchEvent(new CustomEvent("shown", { detail: { left_ms: remaining(this.#state.timer, now) } }));
  }

  /** A radio button that was refused, or pressed while waiting, goes back to what is true. */
  #restorePhase() {
    for (const radio of this.querySelectorAll("input[type=radio]")) {
      radio.checked = radio.value === this.#state.timer.phase;
    }
  }

  #showAgainIn(wait_ms) {
    clearTimeout(this.#next);
    if (wait_ms !== null) this.#next = setTimeout(() => this.#show(), wait_ms);
  }

  ask(type, fields = {}) {
    if (!this.#state.waits) this.dispatchEvent(new CustomEvent("command", { detail: { type, ...fields } }));
    else {
      this.#restorePhase();
      this.dispatchEvent(new CustomEvent("refused"));
    }
  }
}

/** A click beside the main button leaves the focus, so that Space goes on to start and pause. */
function leaveFocus(event) {
  if (event.target.closest(".btn:not(.main)")) event.preventDefault();
}

function template(kind, state, now, element) {
  return kind === "me"
    ? html`<div class="face" data-phase=${colour(state.timer.phase)}>${reading(state, now)}</div>
        ${controls(kind, state, element)} ${extras(kind, state, element)} ${remark(kind, state, now, element)}`
    : html`${kind === "solo" ? phases(state, element) : nothing}
        <div class="dial">${ring(state.timer, now)}<div class="inner">${reading(state, now)}</div></div>
        ${dots(state.timer)} ${controls(kind, state, element)} ${extras(kind, state, element)}
        ${remark(kind, state, now, element)}`;
}

function phases({ timer, waits }, element) {
  const choice = ([phase, name]) =>
    html`<label
      ><input
        type="radio"
        name="phase"
        value=${phase}
        ?checked=${phase === timer.phase}
        aria-disabled=${waits ? "true" : nothing}
        aria-describedby=${waits ? reasonOf("solo") : nothing}
        @change=${() => element.ask("timer:phase", { phase })}
      /><span>${name}</span></label
    >`;
  return html`<fieldset class="segment">
    <legend class="sr">${PHASE}</legend>
    ${Object.entries(PHASES).map(choice)}
  </fieldset>`;
}

export function ring(timer, now) {
  return html`<svg viewBox="0 0 100 100" aria-hidden="true">
    <circle class="track" cx="50" cy="50" r="47" fill="none" stroke-width="3"></circle>
    <circle
      class=${creeps(timer) ? "arc creeps" : "arc"}
      cx="50"
      cy="50"
      r="47"
      fill="none"
      stroke-width="3.6"
      stroke-linecap="round"
      pathLength="1"
      stroke-dasharray="1"
      stroke-dashoffset=${ringOffset(timer, now)}
    ></circle>
  </svg>`;
}

export function reading({ timer, starter }, now) {
  const left_ms = remaining(timer, now);
  const digits = face(left_ms);
  return html`<span class="phase">${PHASES[timer.phase]}</span>
    <div role="timer" data-long=${digits.length > 5 ? "" : nothing} aria-label=${spoken(left_ms)}>${digits}</div>
    <span class="ends">${ends(timer, timer.ends_at && timeOfDay(timer.ends_at), now, starter)}</span>`;
}

function dots(timer) {
  const all = pips(timer);
  return html`<div class="pips" role="img" aria-label=${round(all.round, all.rounds)}>
    ${Array.from({ length: all.rounds }, (_, index) => html`<i class=${dot(all, index + 1)}></i>`)}
  </div>`;
}

const dot = ({ round, done }, number) => (number <= done ? "on" : number === round ? "now" : nothing);

export const mainIcon = ({ status }) => symbol(status === "running" ? "i-pause" : "i-play");

function controls(kind, state, element) {
  const { timer } = state;
  const word = MAIN[timer.status];
  const main = html`${mainIcon(timer)}<span>${kind === "room" ? forAll(word) : word}</span>`;
  const look = kind === "me" ? "btn main" : "btn primary big main";
  const press = (name, look, label, content, type) =>
    button(name, look, label, content, reasonFor(type, kind, state), () => element.ask(type));
  return html`<div class="row controls">
    ${press("reset", "btn icon", RESET, symbol("i-reset"), "timer:reset")}
    ${press("main", look, null, main, PRESS[timer.status])}
    ${press("skip", "btn icon", skipTo(timer), symbol("i-skip"), "timer:skip")}
  </div>`;
}

/** `label` names a button that has but an icon; `reason` is the id of what says why it waits, or null. */
export function button(name, look, label, content, reason, act) {
  return html`<button
    type="button"
    class=${look}
    data-act=${name}
    aria-label=${label ?? nothing}
    title=${label ?? nothing}
    aria-disabled=${reason === null ? nothing : "true"}
    aria-describedby=${reason ?? nothing}
    @click=${act}
  >${content}</button>`;
}

/** A little more time is asked for often, and should never be the loud thing. */
function extras(kind, state, element) {
  const reason = reasonFor("timer:add", kind, state);
  const add = (minutes) =>
    button(`add-${minutes}`, "btn ghost", null, more(minutes), reason, () =>
      element.ask("timer:add", { ms: minutes * 60_000 }),
    );
  return html`<div class="row extras">${add(1)} ${add(5)}</div>`;
}

function remark(kind, { waits, note }, now, element) {
  const reason = waits && kind !== "me" ? REASON : nothing;
  const text = typeof note?.text === "function" ? note.text(now) : note?.text;
  const offers = waits ? [] : (note?.offers ?? []);
  return html`<p class="note" id="note-${kind}"><span>${text ?? reason}</span>${offers.map((each) => offer(each, element))}</p>`;
}

/** An offer goes away with the press, so the focus goes where the hands were. */
function offer({ name, word, take }, element) {
  const accept = () => {
    take();
    element.querySelector("[data-act=main]").focus();
  };
  return html` <button type="button" class="offer" data-act=${name} @click=${accept}>${word}</button>`;
}

/** The id of what says why a command cannot be given, or null where it can. */
const reasonFor = (type, kind, { waits, barred }) =>
  waits ? reasonOf(kind) : barred?.types.includes(type) ? barred.where : null;

/** One's own timer in a room stands beside the shared one, which gives the reason for both. */
const reasonOf = (kind) => (kind === "me" ? "note-room" : `note-${kind}`);

export function symbol(name) {
  return html`<svg aria-hidden="true" focusable="false"><use href="#${name}"></use></svg>`;
}

customElements.define("tm-timer", TimerElement);
