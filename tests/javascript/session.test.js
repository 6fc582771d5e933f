import assert from "node:assert/strict";
import test from "node:test";

import { fromSnapshot, receive } from "../../timers/static/timers/session.js";
import { joined, member, running, timer } from "./fixtures.js";

const model = fromSnapshot(joined());
const started = { type: "timer:state", v: 6, now_at: 0, timer: running(9_000, { id: "room", v: 6 }), action: "start", by: "jun" };

function afterAll(...messages) {
  return messages.reduce((known, message) => receive(known, message).model, model);
}

test("a change is taken over and told, with who did it", () => {
  const { model: after, news, missed } = receive(model, started);
  assert.equal(after.timers.room.status, "running");
  assert.equal(after.v, 6);
  assert.equal(missed, false);
  assert.deepEqual([news[0].kind, news[0].action, news[0].by, news[0].before.status], ["changed", "start", "jun", "stopped"]);
});

test("a version already seen is ignored", () => {
  const once = afterAll(started);
  const again = receive(once, { ...started, timer: timer({ id: "room" }) });
  assert.equal(again.model, once);
  assert.deepEqual(again.news, []);
});

test("a gap asks for a snapshot and changes nothing", () => {
  const { model: after, missed } = receive(model, { ...started, v: 7 });
  assert.equal(after, model);
  assert.equal(missed, true);
});

test("a tick carries the present version: only a higher one is a gap", () => {
  const tick = (v) => receive(model, { type: "timer:tick", v, now_at: 0, remaining_ms: {} });
  assert.equal(tick(5).missed, false);
  assert.equal(tick(4).missed, false);
  assert.equal(tick(6).missed, true);
});

test("a snapshot replaces everything, even where versions begin anew", () => {
  const { model: after } = receive(afterAll(started), joined({ v: 1, members: [member("ana")], people: 1 }));
  assert.equal(after.v, 1);
  assert.equal(after.timers.room.status, "stopped");
  assert.equal(after.members.length, 1);
});

test("unknown types are ignored, but a version of theirs counts", () => {
  const unknown = (v) => receive(model, { type: "news:from-the-future", v });
  assert.deepEqual(unknown(undefined), { model, news: [], missed: false });
  assert.deepEqual(unknown(5), { model, news: [], missed: false });
  assert.deepEqual(unknown(6), { model: { ...model, v: 6 }, news: [], missed: false });
  assert.equal(unknown(7).missed, true);
});

test("people come, are renamed and go, and the names of those who went stay known", () => {
  const lea = member("lea", "Lea");
  const after = afterAll(
    { type: "session:user-joined", v: 6, member: lea },
    { type: "session:user-updated", v: 7, member: { ...lea, name: "Lea S" } },
    { type: "session:user-left", v: 8, member: "jun" },
  );
  assert.deepEqual(after.members.map(({ name }) => name), ["Ana", "Lea S"]);
  assert.equal(after.people, 2);
  assert.equal(after.names.jun, "Jun");
});

test("being renamed oneself changes who you are", () => {
  const after = afterAll({ type: "session:user-updated", v: 6, member: member("ana", "Anna") });
  assert.equal(after.you.name, "Anna");
});

test("in large rooms people come and go in one message, and those who are not listed are counted", () => {
  const large = { ...model, people: 250 };
  const message = { type: "session:users", v: 6, joined: [member("x"), member("y")], left: ["jun", "unlisted"], updated: [] };
  const { model: after, news } = receive(large, message);
  assert.equal(after.people, 250);
  assert.deepEqual(news, [{ kind: "people", arrived: ["x", "y"], left: ["jun", "unlisted"] }]);
});

test("another person's timer goes away when it expires; the shared one and one's own become what is told", () => {
  const theirs = { ...started, timer: running(9_000, { id: "jun" }) };
  const expire = (id, v) => ({ ...started, v, timer: timer({ id, v }), action: "expire", by: null });
  const after = afterAll(theirs, expire("jun", 7), expire("room", 8), expire("ana", 9));
  assert.deepEqual(Object.keys(after.timers).sort(), ["ana", "room"]);
});

test("a large room tells who turned away and back with who came and went", () => {
  const after = afterAll({ type: "session:users", v: 6, joined: [], left: [], updated: [{ ...member("jun", "Jun"), away: true }] });
  assert.deepEqual(after.members.map(({ name, away }) => [name, away]), [["Ana", false], ["Jun", true]]);
});

test("a knock is told, with when it was given", () => {
  const { news } = receive(model, { type: "session:knocked", v: 6, member: "ana", by: "jun", at: 4 });
  assert.deepEqual(news, [{ kind: "knocked", v: 6, member: "ana", by: "jun", at: 4 }]);
});

test("who controls the timer is known from the snapshot on, and told when it is changed", () => {
  const before = { maker: "ana", control: "everyone", controllers: [], pause_allowed: true };
  const settings = { ...before, control: "named" };
  const { model: after, news } = receive(fromSnapshot(joined({ settings: before })), { type: "room:configured", v: 6, settings, by: "ana" });
  assert.deepEqual(after.settings, settings);
  assert.deepEqual(news, [{ kind: "configured", by: "ana", before }]);
});

test("an undo is told with what was undone", () => {
  const undone = { action: "pause", by: "ana" };
  assert.deepEqual(receive(model, { ...started, action: "undo", undone }).news[0].undone, undone);
  assert.equal(receive(model, started).news[0].undone, null);
});

test("names are kept as they are, whatever they look like", () => {
  const after = afterAll({ type: "session:user-joined", v: 6, member: member("x", "<b>__proto__</b>") });
  assert.equal(after.names.x, "<b>__proto__</b>");
});

const rest = (changes) => timer({ id: "room", phase: "short_break", completed_focus: 1, ...changes });
const afterwards = (before, after, now_at = 9_000) =>
  receive(fromSnapshot(joined({ timers: [before] })), joined({ now_at, timers: [after] })).news;

test("a phase that ended unheard is told by the next snapshot, with its end", () => {
  const news = afterwards(running(9_000, { id: "room" }), rest());
  assert.deepEqual(news.map(({ kind, before, after }) => [kind, before.ends_at, after.phase]), [["ended", 9_000, "short_break"]]);
  const focus = timer({ id: "room", round: 2, completed_focus: 1 });
  assert.equal(afterwards(running(9_000, rest({ status: "running", ends_at: 9_000 })), focus).length, 1);
});

test("what was skipped, stopped or goes on has not ended", () => {
  const focus = running(9_000, { id: "room" });
  assert.deepEqual(afterwards(focus, rest({ completed_focus: 0 })), []);
  assert.deepEqual(afterwards(focus, timer({ id: "room" })), []);
  assert.deepEqual(afterwards(focus, focus, 8_999), []);
});
