/** The sheet of settings: the lengths of the page's timers, which the server keeps, and what this browser prefers. */

import { SETTINGS as WORDS } from "#timers/sheet-words";
import { REASON } from "#timers/words";
import { stayAwake } from "./device.js";
import { choose, chosen, LANGUAGES } from "./language.js";
import * as notifier from "./notifier.js";
import { MOST_PRESETS } from "./preferences.js";
import { Sheet } from "./sheet.js";
import { choice, quantity, remover, toggle } from "./switches.js";
import { html, nothing } from "./vendor/lit-html.js";

const MINUTE_MS = 60_000;

/** Lengths with names. */
export const PRESETS = [
  { name: "25 / 5", focus_ms: 1_500_000, short_break_ms: 300_000, long_break_ms: 900_000, rounds: 4 },
  { name: "50 / 10", focus_ms: 3_000_000, short_break_ms: 600_000, long_break_ms: 1_800_000, rounds: 3 },
  { name: "90 / 20", focus_ms: 5_400_000, short_break_ms: 1_200_000, long_break_ms: 1_800_000, rounds: 2 },
];

export function open(page) {
  new Settings(page).sheet.open();
}

class Settings {
  sheet;
  #page;
  #chosen;
  #refusals = {};

  constructor(page) {
    this.#page = page;
    this.#chosen = page.first;
    this.sheet = new Sheet(page, WORDS.title, () => this.#content());
    page.session.measure();
  }

  get #preferences() {
    return this.#page.preferences.values;
  }

  #prefer(changes) {
    this.#page.preferences.set(changes);
  }

  #content() {
    return html`${this.#timer()} ${this.#signals()} ${this.#screen()} ${language()}
      <p class="muted small">${WORDS.here} ${this.#clock()}</p>`;
  }

  #clock() {
    const { connection, ahead } = this.#page.session;
    const wrong = Math.abs(ahead) > MINUTE_MS ? WORDS.clock(Math.round(Math.abs(ahead) / MINUTE_MS), ahead > 0) : nothing;
    return html`${connection.step === null ? nothing : `${connection.step}.`} ${wrong}`;
  }

  // The timers

  #timer() {
    const { timers, session } = this.#page;
    const { waits } = session.connection;
    const { settings, status } = session.timer(this.#chosen);
    const barred = this.#page.barred(this.#chosen);
    const isBarred = barred?.types.includes("timer:configure") ?? false;
    const remark = waits ? REASON : isBarred ? barred.why : status === "stopped" ? nothing : WORDS.underWay;
    return html`<section>
      <h3>${WORDS.timer}</h3>
      ${timers.length > 1 ? this.#whose(timers) : nothing}
      <fieldset ?disabled=${waits || isBarred}>
        <legend class="sr">${WORDS.lengthsOf}</legend>
        <div class="row presets">${this.#presets(settings)}</div>
        <div class="fields">${this.#lengths(settings)}</div>
        ${this.#keeping(settings)}
        ${["auto_start_breaks", "auto_start_focus"].map((field) =>
          toggle(WORDS[field], settings[field], (on) => this.#configure({ [field]: on })),
        )}
      </fieldset>
      <p class="muted small">${remark}</p>
    </section>`;
  }

  #whose([shared, own]) {
    const choices = [[shared.id, WORDS.shared], [own.id, WORDS.own]];
    return choice("whose", WORDS.whose, choices, this.#chosen, (id) => {
      this.#chosen = id;
      this.sheet.draw();
    });
  }

  #configure(changes) {
    this.sheet.forgive();
    this.#page.command(this.#chosen, { type: "timer:configure", ...changes });
  }

  #presets(settings) {
    const { presets } = this.#preferences;
    const take = (preset) => {
      const chosen = Object.entries(lengthsOf(preset)).every(([field, value]) => settings[field] === value);
      const set = () => this.#configure(lengthsOf(preset));
      return html`<button type="button" class="btn" aria-pressed=${chosen} @click=${set}>${preset.name}</button>`;
    };
    const own = (preset) => {
      const forget = () => this.#forget(preset);
      return html`<span class="kept">${take(preset)}${remover(WORDS.forget(preset.name), forget)}</span>`;
    };
    return html`${PRESETS.map(take)} ${presets.map(own)}`;
  }

  #forget(preset) {
    const { presets } = this.#preferences;
    const back = () => this.#prefer({ presets: this.#preferences.presets.toSpliced(presets.indexOf(preset), 0, preset) });
    this.#prefer({ presets: presets.filter((other) => other !== preset) });
    this.#page.offerUndo(WORDS.forgotten(preset.name), back);
  }

  #lengths(settings) {
    const minutes = { min: 0.1, max: 1_440, step: "any", unit: WORDS.minutes };
    const length = ([field, name]) =>
      this.#quantity(name, settings[field] / MINUTE_MS, minutes, (value) =>
        this.#configure({ [field]: Math.round(value * 60) * 1_000 }),
      );
    const rounds = { min: 1, max: 12, step: 1, unit: "" };
    return html`${Object.entries(WORDS.lengths).map(length)}
    ${this.#quantity(WORDS.rounds, settings.rounds, rounds, (value) => this.#configure({ rounds: value }))}`;
  }

  #quantity(name, value, limits, set) {
    const refuse = () => this.sheet.complain(name, WORDS.limits(name, limits));
    return quantity(name, value, limits, set, refuse, this.sheet.complaint?.field === name);
  }

  #keeping(settings) {
    const keep = (event) => {
      event.preventDefault();
      const name = new FormData(event.target).get("name").trim();
      if (name === "") return;
      const others = this.#preferences.presets.filter((other) => other.name !== name);
      this.#prefer({ presets: [...others, { name, ...lengthsOf(settings) }] });
      event.target.reset();
    };
    if (this.#preferences.presets.length >= MOST_PRESETS) return html`<p class="muted small">${WORDS.full(MOST_PRESETS)}</p>`;
    return html`<form class="addline" @submit=${keep}>
      <label class="small muted" for="preset">${WORDS.keep}</label>
      <input id="preset" name="name" maxlength="20" required autocomplete="off" placeholder=${WORDS.keepName} />
      <button class="btn">${WORDS.save}</button>
    </form>`;
  }

  // This browser

  #signals() {
    const { sound, volume, warning } = this.#preferences;
    return html`<section>
      <h3>${WORDS.signals}</h3>
      ${toggle(WORDS.sound, sound, (on) => this.#prefer({ sound: on }))}
      <div class="row line">
        <label class="row grow"
          >${WORDS.volume}<input
            type="range"
            class="grow"
            min="0"
            max="100"
            .value=${String(volume * 100)}
            @change=${({ target }) => this.#prefer({ volume: target.valueAsNumber / 100 })} /></label
        ><button type="button" class="btn" data-act="test" @click=${() => this.#test()}>${WORDS.test}</button>
      </div>
      ${toggle(WORDS.warning, warning, (on) => this.#prefer({ warning: on }), sound ? nothing : WORDS.silent)}
      ${notifier.canNotify() ? this.#notification() : nothing}
    </section>`;
  }

  async #test() {
    this.#page.unlock();
    (await this.#page.company())?.test();
  }

  #notification() {
    const isBlocked = Notification.permission === "denied";
    const set = async (on) => {
      if (on && Notification.permission !== "granted") await notifier.ask(this.#page.preferences);
      else this.#prefer({ notify: on });
      this.sheet.draw();
    };
    const remark = isBlocked ? WORDS.blocked : WORDS.notifyHow;
    return toggle(WORDS.notify, notifier.isAllowed(this.#preferences), set, remark, isBlocked);
  }

  #screen() {
    const { theme, keys } = this.#preferences;
    return html`<section>
      <h3>${WORDS.screen}</h3>
      ${choice("theme", WORDS.theme, Object.entries(WORDS.themes), theme, (theme) => this.#prefer({ theme }))}
      ${"wakeLock" in navigator ? this.#awake() : nothing}
      ${toggle(WORDS.keys, keys, (on) => this.#prefer({ keys: on }), WORDS.keysHow)}
    </section>`;
  }

  /** Some devices have it and do not let it happen; that shows only when it is tried. */
  #awake() {
    const set = async (on) => {
      const sentinel = on ? await stayAwake() : null;
      this.#refusals.awake = on && sentinel === null;
      sentinel?.release();
      this.#prefer({ awake: on && sentinel !== null });
    };
    return toggle(WORDS.awake, this.#preferences.awake, set, this.#refusals.awake ? WORDS.notAwake : nothing);
  }
}

function language() {
  const named = Object.entries(LANGUAGES).map(([code, name]) => [code, html`<bdi lang=${code}>${name}</bdi>`]);
  return html`<section>
    <h3>${WORDS.language}</h3>
    ${choice("language", WORDS.language, [[null, WORDS.anyLanguage], ...named], chosen(), choose)}
  </section>`;
}

const lengthsOf = ({ focus_ms, short_break_ms, long_break_ms, rounds }) => ({ focus_ms, short_break_ms, long_break_ms, rounds });
