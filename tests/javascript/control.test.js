import assert from "node:assert/strict";
import test from "node:test";

import { member, running, timer } from "./fixtures.js";
import "./static.js";

const { mayConfigure, restrictions } = await import("../../rooms/static/rooms/control.js");

const settings = (changes) => ({ maker: "ana", control: "everyone", controllers: [], pause_allowed: true, ...changes });
const name = (member) => ({ ana: "Ana", jun: "Jun" })[member];
const HERE = [member("ana"), member("jun")];
const barred = (changes, you, shared = timer(), members = HERE) =>
  restrictions({ settings: settings(changes), you: { member: you }, members }, shared, name);

test("where everybody controls the timer nothing is barred", () => {
  assert.equal(barred({}, "jun"), null);
});

test("where some control it, the others may not even add a minute, and are told who may", () => {
  assert.equal(barred({ control: "named" }, "ana"), null);
  assert.equal(barred({ control: "named", controllers: ["jun"] }, "jun"), null);
  const { types, why } = barred({ control: "named" }, "jun");
  for (const type of ["start", "pause", "skip", "undo", "add", "configure"]) assert.ok(types.includes(`timer:${type}`), type);
  assert.equal(why, "Ana controls the timer.");
});

test("while none of those is here who control it, everybody may, but not pause where nobody pauses", () => {
  const alone = [member("jun")];
  assert.equal(barred({ control: "named", controllers: ["lea"] }, "jun", timer(), alone), null);
  assert.notEqual(barred({ control: "named", controllers: ["lea"] }, "jun", timer(), [...alone, member("lea")]), null);
  assert.notEqual(barred({ control: "named", pause_allowed: false }, "jun", running(9), alone), null);
});

test("where nobody pauses, a running focus is not cut short, by its maker neither; a stopped or paused one starts", () => {
  const types = (shared) => barred({ pause_allowed: false }, "ana", shared)?.types ?? [];
  assert.deepEqual(types(running(9)), ["timer:pause", "timer:reset", "timer:skip", "timer:phase"]);
  assert.deepEqual(types(running(9, { phase: "short_break" })), ["timer:pause", "timer:reset"]);
  assert.deepEqual(types(timer()), []);
  assert.deepEqual(types(timer({ status: "paused" })), []);
});

test("the maker says who controls it; in a room of nobody, everybody", () => {
  assert.equal(mayConfigure(settings(), "ana"), true);
  assert.equal(mayConfigure(settings(), "jun"), false);
  assert.equal(mayConfigure(settings({ maker: null }), "jun"), true);
});
