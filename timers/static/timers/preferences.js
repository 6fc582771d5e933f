/**
 * What is preferred in this browser: its sounds, its look, its keys. Kept in this browser only; a change reaches every
 * tab, which hears a `preferences` event. A browser that keeps nothing prefers it until the page is left.
 */

import { keep, recall } from "./keepsakes.js";

const KEY = "tomato.preferences";

/** `notify`: null until somebody has said yes or no. `presets`: one's own lengths, `{name, …}` as timer:configure has them. */
export const DEFAULTS = {
  sound: true,
  volume: 0.6,
  warning: false,
  notify: null,
  awake: false,
  theme: "system",
  keys: true,
  presets: [],
};

export const MOST_PRESETS = 12;

export class Preferences {
  #values;
  #world;
  #storage = () => this.#world.localStorage;

  /** `world` is the window, or what stands for it in a test. */
  constructor(world = window) {
    this.#world = world;
    this.#values = this.#recall();
    world.addEventListener("storage", ({ key }) => (key === KEY || key === null) && this.#takeOver(this.#recall()));
  }

  get values() {
    return this.#values;
  }

  set(changes) {
    const values = sane({ ...this.#recall(this.#values), ...changes });
    keep(KEY, values, this.#storage);
    this.#takeOver(values);
  }

  #takeOver(values) {
    this.#values = values;
    this.#world.dispatchEvent(new Event("preferences"));
  }

  /** Another tab may have written a moment ago. */
  #recall(otherwise = DEFAULTS) {
    return sane(recall(KEY, this.#storage) ?? otherwise);
  }
}

/** What was kept, by whatever version, with a default in place of everything that makes no sense. */
export function sane(kept) {
  return Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, usual]) => [name, fits[name]?.(kept[name], usual) ?? usual]),
  );
}

const oneOf = (...choices) => (value) => (choices.includes(value) ? value : undefined);
const fits = {
  sound: oneOf(true, false),
  volume: (value) => (typeof value === "number" ? Math.min(1, Math.max(0, value)) : undefined),
  warning: oneOf(true, false),
  notify: oneOf(true, false),
  awake: oneOf(true, false),
  theme: oneOf("light", "dark"),
  keys: oneOf(true, false),
  presets: (value) => (Array.isArray(value) ? value.filter(isPreset).slice(-MOST_PRESETS) : undefined),
};

const isPreset = (preset) =>
  typeof preset?.name === "string" &&
  ["focus_ms", "short_break_ms", "long_break_ms", "rounds"].every((field) => Number.isInteger(preset[field]));
