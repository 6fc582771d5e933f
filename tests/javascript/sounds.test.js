import assert from "node:assert/strict";
import test from "node:test";

import { difference, due } from "../../timers/static/timers/sounds.js";
import { running, timer } from "./fixtures.js";

const NOW = 1_000_000;

test("the end of every running timer is due, and nothing of the others", () => {
  const timers = [running(NOW + 90_000, { id: "room" }), timer({ id: "ana" }), running(NOW - 1, { id: "over" })];
  assert.deepEqual(due(timers, NOW, false), [{ id: "room", kind: "focus", in_ms: 90_000 }]);
  assert.equal(due([running(NOW + 1, { phase: "long_break" })], NOW, false)[0].kind, "break");
});

test("the warning comes a minute before, and not where that has passed", () => {
  const warned = (left_ms) => due([running(NOW + left_ms)], NOW, true).filter(({ kind }) => kind === "warning");
  assert.deepEqual(warned(90_000), [{ id: "solo", kind: "warning", in_ms: 30_000 }]);
  assert.deepEqual(warned(60_000), []);
});

const end = (in_ms) => ({ id: "solo", kind: "focus", in_ms });
const planned = (at_s, changes = {}) => ({ id: "solo", kind: "focus", at_s, ...changes });

test("what is due is laid out on the audio clock, once", () => {
  const { add, ...rest } = difference([], [end(90_000)], 7);
  assert.deepEqual(add, [planned(97)]);
  assert.deepEqual(rest, { drop: [], keep: [] });
  assert.deepEqual(difference(add, [end(80_000)], 17), { add: [], drop: [], keep: add });
});

test("a few hundredths between two clocks change nothing, a timer that was moved does", () => {
  assert.deepEqual(difference([planned(97)], [end(90_040)], 7), { add: [], drop: [], keep: [planned(97)] });
  assert.deepEqual(difference([planned(97)], [end(150_000)], 7), { add: [planned(157)], drop: [planned(97)], keep: [] });
});

test("a paused timer is silent", () => {
  assert.deepEqual(difference([planned(97)], [], 7), { add: [], drop: [planned(97)], keep: [] });
});

test("what sounds already, or rightly is about to, is left to fade", () => {
  assert.deepEqual(difference([planned(7)], [], 7).drop, []);
  assert.deepEqual(difference([planned(7.05, { rings: true })], [], 7).drop, []);
});

test("what has just begun is not laid out a second time, and is forgotten when it has faded", () => {
  assert.deepEqual(difference([planned(7)], [end(60)], 7.02), { add: [], drop: [], keep: [planned(7)] });
  assert.deepEqual(difference([planned(7)], [], 12).keep, []);
});

test("after a sleep of the machine, in which the audio clock stood still, it is laid out anew", () => {
  assert.deepEqual(difference([planned(97)], [end(10_000)], 8), { add: [planned(18)], drop: [planned(97)], keep: [] });
});
