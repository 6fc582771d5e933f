import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { spoken } from "#timers/words";
import { spoken as spokenInGerman } from "../../timers/static/timers/de/words.js";
import * as countdown from "../../timers/static/timers/countdown.js";
import { running, timer } from "./fixtures.js";

const casesIn = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url)));
const CASES = casesIn("clock-cases.json");
const functions = { ...countdown, spoken, ring: (timer) => countdown.ringOffset(timer, 0) };

for (const [name, cases] of Object.entries(CASES)) {
  test(`${name} says what the templates say`, () => {
    for (const [given, expected] of cases) assert.deepEqual(functions[name](given), expected);
  });
}

test("spoken says in German what the templates say", () => {
  for (const [given, expected] of casesIn("clock-cases.de.json").spoken) assert.equal(spokenInGerman(given), expected);
});

test("what is left of a running timer follows from its end, never below zero", () => {
  assert.equal(countdown.remaining(running(10_000), 4_000), 6_000);
  assert.equal(countdown.remaining(running(10_000), 99_000), 0);
  assert.equal(countdown.remaining(timer({ remaining_ms: 7 }), 99_000), 7);
});

test("no more is left of a running timer than all of it", () => {
  assert.equal(countdown.remaining({ ...running(25_040), duration_ms: 25_000 }, 0), 25_000);
});

test("the next second of several timers is the nearest one; a timer that is over has none", () => {
  assert.equal(countdown.untilNextSecond([running(10_000), running(10_300)], 8_900), 100);
  assert.equal(countdown.untilNextSecond([running(10_000)], 9_000), 1_000);
  assert.equal(countdown.untilNextSecond([running(10_000), timer()], 10_000), null);
});

test("a milestone is passed once", () => {
  assert.equal(countdown.milestone(1_500_000, 300_001, 300_000), 5);
  assert.equal(countdown.milestone(1_500_000, 300_000, 299_000), null);
  assert.equal(countdown.milestone(1_500_000, 60_500, 59_500), 1);
});

test("the full length of a short phase is no milestone", () => {
  assert.equal(countdown.milestone(300_000, 300_010, 299_000), null);
});

test("of two milestones passed in a sleeping tab only the nearer one is told, and none when time is up", () => {
  assert.equal(countdown.milestone(1_500_000, 400_000, 50_000), 1);
  assert.equal(countdown.milestone(1_500_000, 400_000, 0), null);
});
