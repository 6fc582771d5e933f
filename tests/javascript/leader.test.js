import assert from "node:assert/strict";
import test from "node:test";

import { Leader } from "../../timers/static/timers/leader.js";

/** A browser whose tabs share a lock, or, without one, a storage. */
class Browser {
  #queue = [];
  #kept = {};
  #tabs = [];

  tab({ locks = true } = {}) {
    const world = new EventTarget();
    world.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
    world.navigator = locks ? { locks: { request: (_, act) => this.#request(act), query: async () => this.#held() } } : {};
    world.localStorage = { setItem: (key, newValue) => this.#tell(world, key, newValue) };
    this.#tabs.push(world);
    const leader = new Leader("tomato.sounds /ws/solo", () => {}, world);
    return { world, leader };
  }

  #request(act) {
    this.#queue.push(act);
    if (this.#queue.length === 1) this.#next();
  }

  #held() {
    return { held: this.#queue.length > 0 ? [{ name: "tomato.sounds /ws/solo" }] : [] };
  }

  async #next() {
    await this.#queue[0]();
    this.#queue.shift();
    if (this.#queue.length > 0) this.#next();
  }

  #tell(from, key, newValue) {
    this.#kept[key] = newValue;
    for (const tab of this.#tabs) if (tab !== from) tab.dispatchEvent(Object.assign(new Event("storage"), { key, newValue }));
  }
}

const leads = (...tabs) => tabs.map(({ leader }) => leader.leads);

test("the first tab to claim leads, and the next one when it is frozen", async () => {
  const browser = new Browser();
  const [one, other] = [browser.tab(), browser.tab()];
  for (const { leader } of [one, other, one]) leader.claim();
  assert.deepEqual(leads(one, other), [true, false]);
  one.world.document.dispatchEvent(new Event("freeze"));
  await new Promise(setImmediate);
  assert.deepEqual(leads(one, other), [false, true]);
});

test("who does not lead knows whether somebody does", async () => {
  const browser = new Browser();
  const [one, other] = [browser.tab(), browser.tab()];
  assert.equal(await other.leader.isTaken(), false);
  one.leader.claim();
  assert.equal(await other.leader.isTaken(), true);
});

test("without locks the tab that was used last leads", () => {
  const browser = new Browser();
  const [one, other] = [browser.tab({ locks: false }), browser.tab({ locks: false })];
  one.leader.claim();
  other.leader.claim();
  assert.deepEqual(leads(one, other), [false, true]);
  one.world.document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(leads(one, other), [true, false]);
});
