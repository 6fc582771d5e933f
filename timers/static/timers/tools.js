/**
 * The buttons in the head of the page, and what they and some keys open: sound, settings, the list of keys and the
 * small window. What is opened is loaded when it is asked for.
 */

import { NOT_LOADED, SOUND } from "#timers/words";

const OPENED = {
  settings: () => import("./settings.js"),
  help: () => import("./help.js"),
  mini: () => import("./mini.js"),
};

export class Tools {
  #page;
  #sound = document.querySelector("[data-use=sound]");

  constructor(page) {
    this.#page = page;
    document.addEventListener("click", ({ target }) => this.use(target.closest("[data-use]")?.dataset.use));
  }

  show() {
    const { sound, keys } = this.#page.preferences.values;
    const { silenced } = this.#page;
    this.#sound.ariaPressed = sound;
    this.#sound.ariaLabel = this.#sound.title = silenced ? SOUND.silenced : SOUND.name;
    this.#sound.classList.toggle("silenced", silenced);
    this.#sound.querySelector("use").setAttribute("href", sound && !silenced ? "#i-sound" : "#i-mute");
    for (const hint of document.querySelectorAll(".hint")) hint.hidden = !keys;
  }

  async use(name) {
    if (name === "sound") return this.#switchSound();
    if (!(name in OPENED)) return;
    const opened = await OPENED[name]().catch(() => null);
    if (opened === null) this.#page.complain(this.#page.first, NOT_LOADED);
    else opened.open(this.#page);
  }

  /** A press lets a silenced page sound; it is not meant to turn that off. */
  #switchSound() {
    const { preferences, silenced, announcer } = this.#page;
    if (!silenced) preferences.set({ sound: !preferences.values.sound });
    this.#page.unlock();
    announcer.say(preferences.values.sound ? SOUND.on : SOUND.off);
  }
}
