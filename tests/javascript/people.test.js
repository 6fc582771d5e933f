import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { joined, member, running, timer } from "./fixtures.js";
import "./static.js";

const people = await import("../../rooms/static/rooms/people.js");
const control = await import("../../rooms/static/rooms/control.js");
const { Comings } = await import("../../rooms/static/rooms/comings.js");
const german = { ...(await import("../../rooms/static/rooms/people.js?de")), ...(await import("../../rooms/static/rooms/control.js?de")) };
const { fromSnapshot } = await import("../../timers/static/timers/session.js");

const casesIn = (file) => Object.entries(JSON.parse(readFileSync(new URL(file, import.meta.url))));
const NAMES = { ana: "Ana", jun: "Jun", lea: "Lea", obi: "Obi", tim: "Tim" };
const HERE = Object.keys(NAMES).map((id) => member(id));
const functions = ({ rules, ...others }, someone) => ({
  ...others,
  rules: ({ settings, you }) => rules({ settings, you: { member: you }, members: HERE }, (id) => NAMES[id] ?? someone),
});

for (const [file, said] of [
  ["people-cases.json", functions({ ...people, ...control }, "Someone")],
  ["people-cases.de.json", functions(german, "Jemand")],
]) {
  for (const [name, cases] of casesIn(file)) {
    test(`${name} says what the templates say, by ${file}`, () => {
      for (const [given, expected] of cases) assert.deepEqual(said[name](given), expected);
    });
  }
}

const room = timer({ id: "room" });
const rest = (ends_at, changes) => running(ends_at, { phase: "short_break", ...changes });

function order(members, timers = {}) {
  const model = fromSnapshot(joined({ you: { member: "tim", name: "Tim" }, members, people: members.length }));
  return people.inOrder(model, (id) => ({ room, ...timers })[id]).map(({ id }) => id);
}

const crowd = [member("ana", "Ana", 1), member("jun", "Jun", 2), member("lea", "Lea", 3), member("tim", "Tim", 9)];

test("you stand first, then who is in a focus, on a break, neither, and away", () => {
  const obi = { ...member("obi", "Obi", 0), away: true };
  const timers = { jun: rest(9_000), lea: running(9_000), obi: running(9_000) };
  assert.deepEqual(order([obi, ...crowd], timers), ["tim", "lea", "jun", "ana", "obi"]);
});

test("nobody moves while time goes by, and who pauses stands with those who do not time", () => {
  const before = order(crowd, { jun: running(9_000), lea: running(1_000) });
  assert.deepEqual(before, ["tim", "jun", "lea", "ana"]);
  assert.deepEqual(order(crowd, { jun: running(1_000), lea: running(9_000) }), before);
  assert.deepEqual(order(crowd, { jun: { ...running(9_000), status: "paused", ends_at: null }, lea: running(1_000) }), ["tim", "lea", "ana", "jun"]);
});

test("who has no timer of their own goes by the shared one", () => {
  assert.deepEqual(order(crowd, { room: rest(9_000), lea: running(9_000) }), ["tim", "lea", "ana", "jun"]);
});

test("you are listed before the room knows you", () => {
  assert.deepEqual(order([member("ana")]), ["tim", "ana"]);
});

test("one line says who it is, what they do and whether they are away", () => {
  const said = (changes, own, isYou = false) => {
    const { doing, time } = people.line({ ...member("jun", "Jun"), ...changes }, isYou, own, room, 0);
    return [doing, time];
  };
  assert.deepEqual(said({}, running(420_000)), ["Focus", "free in 7 min"]);
  assert.deepEqual(said({ away: true }, running(420_000)), ["Away · Focus", "free in 7 min"]);
  assert.deepEqual(said({ away: true }, undefined), ["Away", ""]);
  assert.deepEqual(said({}, undefined, true), ["You · Not timing", ""]);
  assert.deepEqual(said({ tabs: 2 }, undefined, true), ["You and 2 tabs · Not timing", ""]);
  assert.deepEqual(said({ tabs: 2 }, undefined), ["Not timing", ""]);
});

test("a knock is heard at the end of one's own focus, else of the shared one, else at once", () => {
  assert.equal(people.freeAt(running(9_000), running(5_000)), 9_000);
  assert.equal(people.freeAt(undefined, running(5_000)), 5_000);
  assert.equal(people.freeAt(rest(9_000), running(5_000)), null);
  assert.equal(people.freeAt(timer(), room), null);
});

test("the words change with the minutes, of whichever timer is next", () => {
  assert.equal(people.untilNextMinute([running(120_000), running(90_500), timer()], 0), 30_500);
  assert.equal(people.untilNextMinute([running(120_000)], 60_000), 60_000);
  assert.equal(people.untilNextMinute([running(1), timer()], 1), null);
});

test("who comes into a shared focus has come in the middle, unless they were there, started it or are busy", () => {
  const shared = running(1_500_000, { id: "room" });
  const came = (joined_at, { now = 700_000, own = timer({ id: "ana" }), room = shared, tabs = 1 } = {}) =>
    people.cameInTheMiddle(
      fromSnapshot(joined({ members: [{ ...member("ana", "Ana", joined_at), tabs }], timers: [room, own] })),
      now,
    );
  assert.equal(came(600_000), true);
  assert.equal(came(10_000), false);
  assert.equal(came(600_000, { room: { ...shared, started_by: "ana" } }), false);
  assert.equal(came(600_000, { tabs: 2 }), false);
  assert.equal(came(600_000, { now: 1_450_000 }), false);
  assert.equal(came(600_000, { own: rest(900_000, { id: "ana" }) }), false);
  assert.equal(came(600_000, { room: rest(900_000, { id: "room" }) }), false);
  assert.equal(came(600_000, { room: timer({ id: "room" }) }), false);
});

test("who has come is told under the name that they have by then", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const names = { ana: "User 1", jun: "User 2", lea: "Lea" };
  const said = [];
  const comings = new Comings((sentence) => said.push(sentence), (id) => names[id]);
  comings.tell({ arrived: ["ana"], left: [] });
  comings.tell({ arrived: ["jun"], left: ["lea"] });
  Object.assign(names, { ana: "Ana", jun: "Jun" });
  t.mock.timers.tick(10_000);
  assert.deepEqual(said, ["Ana and Jun joined. Lea left."]);
});
