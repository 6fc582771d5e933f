import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { Notes } from "../../timers/static/timers/notes.js";

const UNDO = { name: "undo", word: "Undo", take() {} };

function notes(isHeld = () => false) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  return new Notes(() => {}, isHeld);
}

test("an offer stands for five seconds; a passing line goes with it, another one stays", () => {
  const all = notes();
  all.write("mine", "You paused the timer", { offers: [UNDO], passing: true });
  all.write("room", "Jun paused the timer", { offers: [UNDO] });
  all.write("end", "Focus ended at 14:32.", { offers: [UNDO], stays: true });
  mock.timers.tick(4_999);
  assert.equal(all.of("mine", false).offers.length, 1);
  mock.timers.tick(1);
  assert.equal(all.of("mine", false), null);
  assert.deepEqual([all.of("room", false).text, all.of("room", false).offers], ["Jun paused the timer", []]);
  assert.equal(all.of("end", false).offers.length, 1);
});

test("an offer on which the keyboard is stands on until that has left", () => {
  let held = true;
  const all = notes(() => held);
  all.write("mine", "You paused the timer", { offers: [UNDO], passing: true });
  mock.timers.tick(5_000);
  assert.equal(all.of("mine", false).offers.length, 1);
  held = false;
  mock.timers.tick(5_000);
  assert.equal(all.of("mine", false), null);
});

test("a line that takes the place of another is not ended with it", () => {
  const all = notes();
  all.write("room", "You paused the timer", { offers: [UNDO], passing: true });
  mock.timers.tick(3_000);
  all.write("room", "Jun resumed the timer", { offers: [UNDO] });
  mock.timers.tick(2_500);
  assert.equal(all.of("room", false).offers.length, 1);
});

test("what was done last and may be undone is known, and no longer once it may not", () => {
  const all = notes();
  assert.equal(all.passing, null);
  all.write("room", "You paused the timer", { offers: [UNDO], passing: true });
  mock.timers.tick(1_000);
  all.write("mine", "You reset the timer", { offers: [UNDO], passing: true });
  assert.equal(all.passing.text, "You reset the timer");
  all.write("room", "You started the timer", { offers: [UNDO], passing: true });
  assert.equal(all.passing.text, "You started the timer");
  all.write("room", "Jun paused the timer", { offers: [UNDO] });
  assert.equal(all.passing.text, "You reset the timer");
  mock.timers.tick(5_000);
  assert.equal(all.passing, null);
});

test("while commands wait only what went wrong is said, and it goes when things are right", () => {
  const all = notes();
  all.write("room", "Jun paused the timer");
  all.write("mine", "That was dropped.", { complaint: true });
  assert.equal(all.of("room", true), null);
  assert.equal(all.of("mine", true).text, "That was dropped.");
  all.clearComplaints(["room"]);
  assert.equal(all.of("mine", false).text, "That was dropped.");
  all.clearComplaints();
  assert.equal(all.of("mine", false), null);
  assert.equal(all.of("room", false).text, "Jun paused the timer");
});
