import assert from "node:assert/strict";
import test from "node:test";

import { existsSync } from "node:fs";

import { deed, ended, ends, owned, refused, timeFor } from "#timers/words";
import { favicon } from "../../timers/static/timers/countdown.js";
import { firstName, isDefaultName } from "../../rooms/static/rooms/names.js";
import { joined, member, running, timer } from "./fixtures.js";

const startedBy = (name) => ends(running(9_000), "08:27", 0, firstName(name));

test("the dial has room for a first name, and for the whole of a name that the server gave", () => {
  assert.equal(startedBy("Ana Moreno"), "Started by Ana,\nends 08:27");
  assert.equal(startedBy("Wolfeschlegelstein"), "Started by Wolfeschleg…,\nends 08:27");
  assert.equal(startedBy("User 5"), "Started by User 5,\nends 08:27");
  assert.equal(startedBy("User Five"), "Started by User,\nends 08:27");
});

test("a default name is the server's, and nothing else", () => {
  for (const name of ["User 5", "User 120", ""]) assert.equal(isDefaultName(name), true, name);
  for (const name of ["User", "User ", "User 5a", "user 5", "A User 5", "Ana"]) assert.equal(isDefaultName(name), false, name);
});

test("a deed says who did what", () => {
  const before = running(90_000);
  const said = (action, after, ...rest) => deed("Jun", { action, before, after: { ...before, ...after } }, ...rest);
  assert.equal(said("pause", {}), "Jun paused the timer");
  assert.equal(said("pause", {}, true), "Jun paused the timer in another tab");
  assert.equal(said("skip", { phase: "short_break" }), "Jun skipped to the short break");
  assert.equal(said("add", { duration_ms: before.duration_ms + 300_000 }), "Jun added 5 minutes");
  assert.equal(said("add", { duration_ms: before.duration_ms - 60_000 }), "Jun took 1 minute off");
  assert.equal(said("something-new", {}), "Jun changed the timer");
});

test("an undo says whose act was taken back", () => {
  const said = (action, undone, whose) => deed("Jun", { action, before: timer(), after: timer(), undone, whose });
  assert.equal(said("undo", { action: "pause" }, owned("Ana", false, false)), "Jun undid Ana’s pause");
  assert.equal(said("undo", { action: "skip" }, owned("You", true, false)), "Jun undid your skip");
  assert.equal(said("redo", { action: "add" }, owned("Jun", false, true)), "Jun redid their own change of time");
  assert.equal(said("undo", { action: "reset" }), "Jun undid the reset");
  assert.equal(said("undo", null), "Jun undid the last change");
  assert.equal(said("redo", { action: "something-new" }), "Jun made the last change again");
});

test("what ended while nobody looked is said with how long ago the next phase began", () => {
  const rest = running(400_000, { phase: "short_break", started_at: 100_000 });
  assert.equal(ended("focus", "14:32", rest, 159_999), "Focus ended at 14:32.");
  assert.equal(ended("focus", "14:32", rest, 341_000), "Focus ended at 14:32, break since 4 min.");
  assert.equal(ended("short_break", "14:37", timer(), 999_999), "Short break ended at 14:37.");
});

test("the title at an end says what it is time for", () => {
  assert.equal(timeFor(timer({ phase: "long_break" })), "● Break time");
  assert.equal(timeFor(timer()), "● Focus time");
});

test("there is an icon for every phase and quarter, a started quarter counted", () => {
  for (const phase of ["focus", "short_break", "long_break"]) {
    for (const [left_ms, quarter] of [[100, 4], [76, 4], [75, 3], [1, 1], [0, 0], [130, 4]]) {
      const name = favicon({ phase, duration_ms: 100 }, left_ms);
      assert.ok(name.endsWith(`-${quarter}.svg`), `${left_ms} of 100 is ${name}`);
      assert.ok(existsSync(new URL(`../../timers/static/timers/${name}`, import.meta.url)), name);
    }
  }
});

test("in German a deed says who did what, and whose deed was undone", async () => {
  const german = await import("../../timers/static/timers/de/words.js");
  const before = running(90_000);
  const said = (who, action, news, elsewhere) => german.deed(who, { action, before, after: { ...before, ...news.after }, ...news }, elsewhere);
  assert.equal(said("Jun", "pause", {}), "Jun hat den Timer angehalten");
  assert.equal(said(null, "pause", {}, true), "Du hast in einem anderen Tab den Timer angehalten");
  assert.equal(said(null, "skip", { after: { phase: "short_break" } }), "Du hast zur kurzen Pause gewechselt");
  assert.equal(said("Jun", "add", { after: { duration_ms: before.duration_ms + 60_000 } }), "Jun hat 1 Minute hinzugefügt");
  const undid = (whose) => said("Jun", "undo", { undone: { action: "pause" }, whose });
  assert.equal(undid(german.owned("Ana", false, false)), "Jun hat das Anhalten von Ana rückgängig gemacht");
  assert.equal(undid(german.owned("Du", true, false)), "Jun hat dein Anhalten rückgängig gemacht");
  assert.equal(undid(german.owned("Jun", false, true)), "Jun hat das eigene Anhalten rückgängig gemacht");
  assert.equal(undid(undefined), "Jun hat das Anhalten rückgängig gemacht");
  assert.equal(said("Jun", "undo", { undone: null }), "Jun hat die letzte Änderung rückgängig gemacht");
});

test("in German who comes and goes is told in the number of those who do", async () => {
  await import("./static.js");
  const { comings } = await import("../../rooms/static/rooms/de/words.js");
  assert.equal(comings(["Ana"], []), "Ana ist dazugekommen.");
  assert.equal(comings(["Ana", "Jun"], ["Lea"]), "Ana und Jun sind dazugekommen. Lea ist gegangen.");
  assert.equal(comings([], ["Ana", "Jun", "Lea"]), "Ana, Jun und 1 weitere Person sind gegangen.");
});

test("who has not said their name is called by a number, in the words of the page", async () => {
  await import("./static.js");
  const german = { ...(await import("../../rooms/static/rooms/names.js?de")), ...(await import("../../timers/static/timers/session.js?de")) };
  const said = joined({ members: [member("a", "User 12", 1), member("b", "User 12b", 2)], you: { member: "a", name: "User 12" } });
  const model = german.fromSnapshot(said);
  assert.deepEqual([model.names, model.you.name], [{ a: "Gast 12", b: "User 12b" }, "Gast 12"]);
  const { model: renamed } = german.receive(model, { type: "session:user-updated", v: model.v + 1, member: member("b", "User 3", 2) });
  assert.equal(renamed.names.b, "Gast 3");
  const { model: after } = german.receive(model, { type: "session:user-joined", v: model.v + 1, member: member("c", "User 4", 3) });
  assert.equal(after.names.c, "Gast 4");
  for (const name of ["Gast 12", ""]) assert.equal(german.isDefaultName(name), true, name);
  assert.equal(german.isDefaultName("User 12"), false);
});

test("what the server refused is said in the words of the page", () => {
  assert.match(refused("forbidden"), /not allowed in this room/);
  assert.match(refused("rate-limited"), /too much at once/);
  for (const code of ["invalid", "something-new"]) assert.match(refused(code), /did not understand/);
});
