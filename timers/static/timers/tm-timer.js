/**
 * <tm-timer kind="solo|room|me">: one timer with its dial and its buttons. It shows what it is given and asks by a
 * `command` event whose detail is the message for the server; it decides nothing. Its markup is that of
 * templates/timers/_timer.html, which a browser test compares.
 */

import { REASON } from "./connection.js";
import { face, pips, remaining, ringOffset, spoken, timeOfDay, untilNextSecond } from "./countdown.js";
import { html, nothing, render } from "./vendor/lit-html.js";
import { colour, ends, PHASES } from "./words.js";

class TimerElement extends HTMLElement {
  #state = null;
  #next = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => this.#show(), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#next);
  }

  /**
   * `timer`; `now()` on the server's clock; `waits`: no command can be given; `note` and `starter`, text or null;
   * `undo`: whether the note comes with an offer to undo.
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
    else this.#restorePhase();
  }
}

function template(kind, state, now, element) {
  return kind === "me"
    ? html`<div class="face" data-phase=${colour(state.timer.phase)}>${reading(state, now)}</div>
        ${controls(kind, state, element)} ${remark(kind, state, element)}`
    : html`${kind === "solo" ? phases(state, element) : nothing}
        <div class="dial">${ring(state.timer, now)}<div class="inner">${reading(state, now)}</div></div>
        ${dots(state.timer)} ${controls(kind, state, element)} ${remark(kind, state, element)}`;
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
    <legend class="sr">Phase</legend>
    ${Object.entries(PHASES).map(choice)}
  </fieldset>`;
}

function ring(timer, now) {
  return html`<svg viewBox="0 0 100 100" aria-hidden="true">
    <circle class="track" cx="50" cy="50" r="47" fill="none" stroke-width="3"></circle>
    <circle
      class="arc"
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

function reading({ timer, starter }, now) {
  const left_ms = remaining(timer, now);
  const digits = face(left_ms);
  return html`<span class="phase">${PHASES[timer.phase]}</span>
    <div role="timer" data-long=${digits.length > 5 ? "" : nothing} aria-label=${spoken(left_ms)}>${digits}</div>
    <span class="ends">${ends(timer, timer.ends_at && timeOfDay(timer.ends_at), now, starter)}</span>`;
}

function dots(timer) {
  const { round, rounds, done } = pips(timer);
  return html`<div class="pips" role="img" aria-label="Round ${round} of ${rounds}">
    ${Array.from({ length: rounds }, (_, index) => html`<i class=${index < done ? "on" : nothing}></i>`)}
  </div>`;
}

const MAIN = {
  stopped: ["Start", "timer:start", "i-play"],
  running: ["Pause", "timer:pause", "i-pause"],
  paused: ["Resume", "timer:resume", "i-play"],
};

function controls(kind, { timer, waits }, element) {
  const [word, type, icon] = MAIN[timer.status];
  const main = html`${symbol(icon)}<span>${kind === "room" ? `${word} for all` : word}</span>`;
  const look = kind === "me" ? "btn main" : "btn primary big main";
  const skip = timer.phase === "focus" ? "Skip to break" : "Skip to focus";
  const reason = waits ? reasonOf(kind) : null;
  return html`<div class="row controls">
    ${button("reset", "btn icon", "Reset", symbol("i-reset"), reason, () => element.ask("timer:reset"))}
    ${button("main", look, null, main, reason, () => element.ask(type))}
    ${button("skip", "btn icon", skip, symbol("i-skip"), reason, () => element.ask("timer:skip"))}
  </div>`;
}

/** `label` names a button that has but an icon; `reason` is the id of what says why it waits, or null. */
function button(name, look, label, content, reason, act) {
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

function remark(kind, { waits, note, undo }, element) {
  const reason = waits && kind !== "me" ? REASON : null;
  const offer = undo && !waits ? undoButton(element) : nothing;
  return html`<p class="note" id="note-${kind}">${note ?? reason ?? nothing}${offer}</p>`;
}

/** The offer goes away with the press, so the focus goes where the hands were. */
function undoButton(element) {
  const undo = () => {
    element.ask("timer:undo");
    element.querySelector("[data-act=main]").focus();
  };
  return html` <button type="button" class="undo" data-act="undo" @click=${undo}>Undo</button>`;
}

/** One's own timer in a room stands beside the shared one, which gives the reason for both. */
const reasonOf = (kind) => (kind === "me" ? "note-room" : `note-${kind}`);

function symbol(name) {
  return html`<svg aria-hidden="true" focusable="false"><use href="#${name}"></use></svg>`;
}

customElements.define("tm-timer", TimerElement);
