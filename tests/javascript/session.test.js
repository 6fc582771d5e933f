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

test("unknown types are ignored", () => {
  assert.deepEqual(receive(model, { type: "news:from-the-future", v: 6 }), { model, news: [], missed: false });
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
  const message = { type: "session:users", v: 6, joined: [member("x"), member("y")], left: ["jun", "unlisted"] };
  const { model: after, news } = receive(large, message);
  assert.equal(after.people, 250);
  assert.deepEqual(news, [{ kind: "people", arrived: ["x", "y"], left: ["Jun", "Someone"] }]);
});

test("another person's timer goes away when it expires; the shared one and one's own become what is told", () => {
  const theirs = { ...started, timer: running(9_000, { id: "jun" }) };
  const expire = (id, v) => ({ ...started, v, timer: timer({ id, v }), action: "expire", by: null });
  const after = afterAll(theirs, expire("jun", 7), expire("room", 8), expire("ana", 9));
  assert.deepEqual(Object.keys(after.timers).sort(), ["ana", "room"]);
});

test("who started a timer is known through a pause, and nobody when the next phase began by itself", () => {
  const paused = { ...started, v: 7, timer: { ...started.timer, status: "paused", ends_at: null }, action: "pause", by: "ana" };
  assert.equal(afterAll(started, paused).starters.room, "jun");
  const next = { ...started, v: 7, timer: running(20_000, { id: "room", phase: "short_break", started_at: 9_000 }), action: "complete", by: null };
  assert.equal(afterAll(started, next).starters.room, null);
});

test("who started a timer survives a reconnect as long as it is the same run", () => {
  const known = afterAll(started);
  const same = receive(known, joined({ v: 6, timers: [started.timer, timer({ id: "ana" })] })).model;
  assert.equal(same.starters.room, "jun");
  assert.equal(receive(known, joined({ v: 9 })).model.starters.room, undefined);
});

test("names are kept as they are, whatever they look like", () => {
  const after = afterAll({ type: "session:user-joined", v: 6, member: member("x", "<b>__proto__</b>") });
  assert.equal(after.names.x, "<b>__proto__</b>");
});
