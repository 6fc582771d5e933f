import assert from "node:assert/strict";
import test from "node:test";

import { actionOf, following, predict } from "../../timers/static/timers/timer.js";
import { SETTINGS, running, timer } from "./fixtures.js";

const after = (before, type, now = 1_000, fields = {}) => predict(before, { type, ...fields }, now);

test("start runs for the whole length, and leaves a running timer alone", () => {
  const started = after(timer(), "timer:start");
  assert.equal(started.ends_at, 1_501_000);
  assert.equal(started.started_at, 1_000);
  assert.equal(after(started, "timer:start", 9_000), started);
});

test("pause keeps what is left, resume and start go on from there", () => {
  const paused = after(running(100_000), "timer:pause", 40_000);
  assert.deepEqual([paused.status, paused.remaining_ms, paused.ends_at], ["paused", 60_000, null]);
  for (const type of ["timer:resume", "timer:start"]) {
    assert.equal(after(paused, type, 70_000).ends_at, 130_000);
    assert.equal(actionOf({ type }, paused), "resume");
  }
});

test("pausing what does not run and resuming what is not paused change nothing", () => {
  const stopped = timer();
  assert.equal(after(stopped, "timer:pause"), stopped);
  assert.equal(after(stopped, "timer:resume"), stopped);
});

test("reset is stopped at the full length of the settings", () => {
  const reset = after(running(9_000, { duration_ms: 9_000 }), "timer:reset");
  assert.deepEqual([reset.status, reset.remaining_ms, reset.duration_ms], ["stopped", 1_500_000, 1_500_000]);
});

test("skip goes on to the next phase and starts it where the settings say so", () => {
  assert.deepEqual(ofSkip(running(9_000)), ["short_break", "running", 301_000]);
  assert.deepEqual(ofSkip(timer()), ["short_break", "stopped", null]);
  assert.deepEqual(ofSkip(running(9_000, { phase: "short_break" })), ["focus", "stopped", null]);
  const eager = { ...SETTINGS, auto_start_focus: true };
  assert.deepEqual(ofSkip(running(9_000, { phase: "short_break", settings: eager })), ["focus", "running", 1_501_000]);
});

const ofSkip = (before) => {
  const { phase, status, ends_at } = after(before, "timer:skip");
  return [phase, status, ends_at];
};

test("the fourth focus is followed by the long break, and that by round one", () => {
  assert.deepEqual(following(timer({ round: 4 })), { phase: "long_break", round: 4 });
  assert.deepEqual(following(timer({ phase: "long_break", round: 4 })), { phase: "focus", round: 1 });
  assert.deepEqual(following(timer({ phase: "short_break", round: 2 })), { phase: "focus", round: 3 });
});

test("a phase is set stopped at its length; what cannot be guessed stays", () => {
  const long = after(running(9_000), "timer:phase", 0, { phase: "long_break" });
  assert.deepEqual([long.phase, long.status, long.remaining_ms], ["long_break", "stopped", 900_000]);
  assert.equal(after(long, "timer:undo"), long);
});

test("time is added to what is left and to the length, within the limits of both", () => {
  const added = (before, ms) => {
    const { remaining_ms, duration_ms, ends_at } = after(before, "timer:add", 1_000, { ms });
    return [remaining_ms, duration_ms, ends_at];
  };
  assert.deepEqual(added(timer(), 300_000), [1_800_000, 1_800_000, null]);
  assert.equal(added(running(9_000), 60_000)[2], 69_000);
  assert.equal(added(running(9_000), -60_000)[2], 2_000);
  assert.equal(added(timer({ duration_ms: 86_400_000 }), 60_000)[1], 86_400_000);
});

test("new lengths are taken by a stopped phase, while one under way keeps its own", () => {
  const changes = { focus_ms: 60_000, rounds: 2, id: "x" };
  const stopped = after(timer(), "timer:configure", 0, changes);
  assert.deepEqual([stopped.duration_ms, stopped.settings], [60_000, { ...SETTINGS, focus_ms: 60_000, rounds: 2 }]);
  const under = after(running(9_000), "timer:configure", 0, changes);
  assert.deepEqual([under.duration_ms, under.ends_at, under.settings.rounds], [1_500_000, 9_000, 2]);
  const added = timer({ duration_ms: 1_800_000, remaining_ms: 1_800_000 });
  assert.equal(after(added, "timer:configure", 0, { rounds: 2 }).duration_ms, 1_800_000);
});
