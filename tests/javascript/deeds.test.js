import assert from "node:assert/strict";
import test from "node:test";

import { Deeds, remembered } from "../../timers/static/timers/deeds.js";
import { Storage } from "./storage.js";
import { joined, timer } from "./fixtures.js";

const deed = (id) => ({ id, message: { type: "timer:start", id }, about: { timer: "solo", action: "start", at: 5 } });

test("what was done is kept for the person who did it, in its order, until it is dropped", () => {
  const storage = new Storage();
  const deeds = new Deeds(() => storage);
  deeds.add(deed("a"), "ana", 3);
  deeds.add(deed("b"), "ana", 3);
  deeds.add(deed("c"), "jun", 1);
  assert.deepEqual(new Deeds(() => storage).of("ana").map(({ id, v }) => [id, v]), [["a", 3], ["b", 3]]);
  for (const id of ["a", "b", "c"]) deeds.drop(id);
  assert.deepEqual([deeds.ids().size, storage.length], [0, 0]);
});

test("a browser that keeps nothing is no failure, and then nobody knows what is kept", () => {
  const deeds = new Deeds(() => {
    throw new Error("forbidden");
  });
  deeds.add(deed("a"), "ana", 3);
  assert.deepEqual([deeds.of("ana"), deeds.ids()], [[], null]);
});

test("a page that was opened without the server begins with the timer of last time", () => {
  const storage = new Storage();
  const kept = { offset: 500, you: { member: "ana", name: "" }, v: 7, timer: timer({ round: 3 }) };
  storage.setItem("tomato.timer", JSON.stringify(kept));
  const { you, v, now_at, timers } = remembered(joined(), 1_000, () => storage);
  assert.deepEqual([you.member, v, now_at, timers[0].round], ["ana", 7, 1_500, 3]);
});

test("where nothing was kept it begins with a fresh one, and now", () => {
  const snapshot = joined({ timers: [timer()] });
  for (const kept of [null, "{", "{}"]) {
    const storage = new Storage();
    if (kept !== null) storage.setItem("tomato.timer", kept);
    assert.deepEqual(remembered(snapshot, 1_000, () => storage), { ...snapshot, now_at: 1_000 });
  }
});
