import assert from "node:assert/strict";
import test from "node:test";

import { DEFAULTS, Preferences, sane } from "../../timers/static/timers/preferences.js";

/** Two tabs of a browser share its storage, and hear of each other's changes. */
class Browser {
  kept = {};
  tabs = [];

  tab() {
    const world = new EventTarget();
    world.localStorage = {
      getItem: (key) => this.kept[key] ?? null,
      setItem: (key, value) => {
        this.kept[key] = value;
        for (const other of this.tabs) if (other !== world) other.dispatchEvent(Object.assign(new Event("storage"), { key }));
      },
    };
    this.tabs.push(world);
    return world;
  }
}

test("what is preferred in one tab is known in the others, and in the next one", () => {
  const browser = new Browser();
  const [here, there] = [browser.tab(), browser.tab()];
  const [mine, other] = [new Preferences(here), new Preferences(there)];
  let heard = 0;
  there.addEventListener("preferences", () => (heard += 1));
  mine.set({ sound: false, theme: "dark" });
  assert.equal(heard, 1);
  assert.deepEqual(other.values, { ...DEFAULTS, sound: false, theme: "dark" });
  assert.deepEqual(new Preferences(browser.tab()).values, other.values);
});

test("two tabs that change different things do not undo each other", () => {
  const browser = new Browser();
  const [one, other] = [new Preferences(browser.tab()), new Preferences(browser.tab())];
  one.set({ volume: 0.2 });
  other.set({ keys: false });
  assert.deepEqual([one.values.volume, one.values.keys], [0.2, false]);
});

test("a browser that forbids its storage keeps nothing, and still does as it is told", () => {
  const world = new EventTarget();
  Object.defineProperty(world, "localStorage", {
    get() {
      throw new Error("forbidden");
    },
  });
  const preferences = new Preferences(world);
  assert.deepEqual(preferences.values, DEFAULTS);
  preferences.set({ sound: false });
  preferences.set({ warning: true });
  assert.deepEqual([preferences.values.sound, preferences.values.warning], [false, true]);
});

test("what makes no sense becomes what is usual, and what is unknown goes", () => {
  assert.deepEqual(sane({ sound: "yes", volume: "loud", theme: "pink", notify: 1, presets: "none", colour: "red" }), DEFAULTS);
  assert.equal(sane({ volume: 7 }).volume, 1);
  const good = { name: "Writing", focus_ms: 1, short_break_ms: 1, long_break_ms: 1, rounds: 1 };
  assert.deepEqual(sane({ presets: [good, { name: "half" }, null] }).presets, [good]);
});

test("junk in the storage is no failure", () => {
  for (const kept of ["{", "null", "7"]) {
    const browser = new Browser();
    browser.kept["tomato.preferences"] = kept;
    assert.deepEqual(new Preferences(browser.tab()).values, DEFAULTS, kept);
  }
});
