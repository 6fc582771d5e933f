/**
 * What goes along with a timer that runs, beside its page: the chime, the browser's notifications, the device. Loaded
 * with the first timer that runs.
 */

import { QUIET } from "#timers/later-words";
import { comes, OFFERS, over } from "#timers/words";
import { Chime } from "./chime.js";
import { Device } from "./device.js";
import { Leader } from "./leader.js";
import * as notifier from "./notifier.js";
import { due } from "./sounds.js";

const SILENT_AFTER_MS = 1_500;
const KNOCKS_IN_MS = 500;
const LOOK_AGAIN_MS = 20_000;

export class Company {
  silenced = false;
  #page;
  #chime = null;
  #leader;
  #device;
  #completions = {};
  #knocked = null;
  #listening = null;

  constructor(page) {
    this.#page = page;
    this.#leader = new Leader(`tomato.sounds ${page.path}`, () => this.show());
    this.#device = new Device((message) => page.ask(message));
    for (const type of ["click", "keydown"]) addEventListener(type, () => this.#wake());
    document.addEventListener("visibilitychange", () => this.show());
    setInterval(() => this.show(), LOOK_AGAIN_MS);
    page.watch(() => this.show());
    this.show();
  }

  show() {
    const { timers, session, preferences, first } = this.#page;
    const { sound, volume, warning } = preferences.values;
    const now = session.now();
    const ends = sound ? due(timers, now, warning) : [];
    this.#sound([...ends, ...this.#knocks(sound, now)], volume);
    this.#listen(ends.length > 0);
    this.#device.show(session.timer(first), now, preferences.values);
  }

  /** A completion is told before the change that it brings. */
  hear(news) {
    if (news.kind === "completed") {
      this.#completions[news.timer] = news.completion;
      this.#chime?.letRing(news.timer);
    }
    if (news.kind === "changed" && news.action === "complete") this.#notify(news);
  }

  /** What may be answered when a phase has ended: whether to be told next time. */
  offers(id, wasAway) {
    const { preferences } = this.#page;
    if (!notifier.mayAsk(preferences.values)) return [];
    const offer = (name, take) => ({ name, word: OFFERS[name], take });
    const yes = offer("notify", async () => this.#page.remark(id, await notifier.ask(preferences)));
    const no = offer("quiet", () => {
      preferences.set({ notify: false });
      this.#page.remark(id, QUIET);
    });
    return wasAway ? [yes] : [yes, no];
  }

  /** Somebody knocks: laid out like everything that sounds, so that of several tabs one is heard. */
  knock(id) {
    this.#knocked = { id, at: this.#page.session.now() + KNOCKS_IN_MS };
    this.show();
  }

  /** Sounds once, to show how it is. */
  test() {
    this.#page.unlock();
    this.#takeChime();
    this.#chime?.test(this.#page.preferences.values.volume);
  }

  #sound(sounds, volume) {
    if (sounds.length > 0 && navigator.userActivation?.hasBeenActive) this.#page.unlock();
    this.#takeChime();
    if (this.#chime !== null) {
      if (this.#chime.sounds) this.#leader.claim();
      this.#chime.volume = volume;
      this.#chime.plan(this.#leader.leads ? sounds : []);
    }
  }

  /** Whoever may not sound at this moment does not knock later. */
  #knocks(sound, now) {
    const { id, at } = this.#knocked ?? {};
    return sound && at > now ? [{ id, kind: "knock", in_ms: at - now }] : [];
  }

  #takeChime() {
    if (this.#page.audio !== null) this.#chime ??= new Chime(this.#page.audio, () => this.show());
  }

  /** Whether it would sound. Not at once, for a browser takes a moment to let a page sound. */
  #listen(isDue) {
    clearTimeout(this.#listening);
    if (!isDue || this.#chime?.sounds) return this.#notice(false);
    const ask = async () => this.#notice(!this.#chime?.sounds && !(await this.#leader.isTaken()));
    this.#listening = setTimeout(ask, SILENT_AFTER_MS);
  }

  #notice(silenced) {
    if (silenced === this.silenced) return;
    this.silenced = silenced;
    this.#page.show();
  }

  #wake() {
    if (!this.silenced) return;
    this.#page.unlock();
    this.#chime?.wake();
    this.show();
  }

  #notify({ before, after }) {
    const { timers, preferences } = this.#page;
    const isOurs = timers.some(({ id }) => id === after.id);
    if (!isOurs || !(after.id in this.#completions) || !notifier.isAllowed(preferences.values)) return;
    notifier.notify(this.#completions[after.id], this.#page.prefix(after.id) + over(before.phase), comes(after));
  }
}
