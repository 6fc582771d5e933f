import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { play } from "../../timers/static/timers/absence.js";
import { running, timer } from "./fixtures.js";

const CASES = JSON.parse(readFileSync(new URL("./play-cases.json", import.meta.url)));

/** What counts of a timer: what is left of one that runs follows from its end, and who started one's own is oneself. */
const plain = ({ started_by, remaining_ms, ...timer }) =>
  timer.ends_at === null ? { ...timer, remaining_ms } : timer;

test("a timer goes on without the server as it would with it", () => {
  for (const { timer, deeds, now, then, ends } of CASES) {
    const course = play(timer, deeds, now);
    assert.deepEqual(plain(course.timer), plain(then), JSON.stringify(deeds));
    assert.deepEqual(course.ends.map(({ before }) => before.ends_at), ends);
  }
});

test("the cases hold what matters: ends, breaks that begin by themselves, undos", () => {
  const holds = (wanted) => assert.ok(CASES.filter(wanted).length >= 5);
  holds(({ ends }) => ends.length > 1);
  holds(({ then }) => then.status === "running" && then.phase !== "focus");
  holds(({ deeds }) => deeds.some(({ message }) => message.type === "timer:undo"));
});

test("an end tells what was before and after it", () => {
  const { ends } = play(running(9_000), [], 20_000);
  assert.deepEqual(ends.map(({ before, after }) => [before.phase, after.phase, after.started_at]), [["focus", "short_break", 9_000]]);
  assert.equal(ends[0].after.completed_focus, 1);
});

test("what was done before an end cannot be undone after it", () => {
  const deed = (type, at) => ({ message: { type }, about: { at } });
  const course = play(timer(), [deed("timer:start", 0), deed("timer:undo", 1_600_000)], 1_600_000);
  assert.equal(course.timer.phase, "short_break");
});
