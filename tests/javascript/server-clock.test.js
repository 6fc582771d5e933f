import assert from "node:assert/strict";
import test from "node:test";

import { ServerClock } from "../../timers/static/timers/server-clock.js";

test("before an answer the least delayed message is believed", () => {
  const clock = new ServerClock();
  clock.hear(10_000, 9_000);
  clock.hear(11_000, 10_300);
  assert.equal(clock.offset, 1_000);
});

test("the shortest round trip decides", () => {
  const clock = new ServerClock();
  clock.answer(10_500, 5_000, 5_400);
  clock.answer(11_010, 6_000, 6_020);
  clock.answer(12_100, 7_000, 7_300);
  assert.equal(clock.offset, 5_000);
  assert.equal(clock.at(100), 5_100);
});

test("a local clock that was set is noticed by the next answer", () => {
  const clock = new ServerClock();
  clock.answer(1_005, 0, 10);
  clock.answer(1_105, 60_000, 60_100);
  assert.equal(clock.offset, 1_105 - 60_050);
});

test("a message from later than we believed moves the clock at once", () => {
  const clock = new ServerClock();
  clock.answer(1_005, 0, 10);
  assert.equal(clock.hear(61_020, 20), false);
  assert.equal(clock.offset, 61_000);
});

test("a message from much earlier than we believed asks for a comparison, a little delay does not", () => {
  const clock = new ServerClock();
  clock.answer(1_005, 0, 10);
  assert.equal(clock.hear(1_000, 900), false);
  assert.equal(clock.hear(1_000, 5_000), true);
});

test("how wrong it may be is half of the shortest round trip, and unknown before there was one", () => {
  const clock = new ServerClock();
  clock.hear(10_000, 9_000);
  assert.equal(clock.uncertainty, null);
  clock.answer(10_500, 5_000, 5_400);
  clock.answer(11_010, 6_000, 6_021);
  assert.equal(clock.uncertainty, 11);
  clock.answer(11_010, 6_010, 6_010);
  assert.equal(clock.uncertainty, 1);
});
