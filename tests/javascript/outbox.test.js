import assert from "node:assert/strict";
import test from "node:test";

import { Outbox, uuid } from "../../timers/static/timers/outbox.js";

function outbox(online = true) {
  const sent = [];
  const line = { online };
  let number = 0;
  const send = (message) => line.online && sent.push(message);
  return { box: new Outbox(send, () => `id-${(number += 1)}`), sent, line };
}

const START = { type: "timer:start" };

test("a command carries its id and is kept until it is answered", () => {
  const { box, sent } = outbox();
  box.post(START, {}, 0);
  assert.deepEqual(sent, [{ type: "timer:start", id: "id-1" }]);
  assert.equal(box.waiting.length, 1);
  box.acknowledge({ id: "id-1", v: 8, changed: true });
  assert.equal(box.waiting.length, 0);
});

test("after a reconnect what waits is sent again under the same id, in its order", () => {
  const { box, sent, line } = outbox(false);
  box.post(START, {}, 0);
  box.post({ type: "timer:pause" }, {}, 100);
  line.online = true;
  box.sendAgain(5_000);
  assert.deepEqual(sent.map(({ id }) => id), ["id-1", "id-2"]);
});

test("it is known when a command was last sent, if it was", () => {
  const { box, line } = outbox(false);
  box.post(START, {}, 100);
  assert.equal(box.entries[0].sent, null);
  line.online = true;
  box.sendAgain(5_000);
  assert.equal(box.entries[0].sent, 5_000);
  line.online = false;
  box.sendAgain(6_000);
  assert.equal(box.entries[0].sent, null);
});

test("an acknowledged change is predicted until the session has reached its version", () => {
  const { box } = outbox();
  box.post(START, {}, 0);
  box.acknowledge({ id: "id-1", v: 8, changed: true });
  box.settle(7);
  assert.equal(box.entries.length, 1);
  box.settle(8);
  assert.equal(box.entries.length, 0);
});

test("what changed nothing and what was refused is done with", () => {
  const { box } = outbox();
  box.post(START, {}, 0);
  box.acknowledge({ id: "id-1", v: 8, changed: false });
  box.post(START, { timer: "room" }, 0);
  assert.equal(box.refuse("id-2").about.timer, "room");
  assert.equal(box.entries.length, 0);
  assert.equal(box.refuse(undefined), undefined);
});

test("nothing waits for longer than ten seconds, and what was dropped is named and never sent", () => {
  const { box, sent, line } = outbox(false);
  box.post(START, { timer: "room" }, 0);
  assert.deepEqual(box.expire(9_999), []);
  line.online = true;
  assert.deepEqual(box.sendAgain(10_000).map(({ about }) => about.timer), ["room"]);
  assert.deepEqual(sent, []);
});

test("an acknowledged change is not dropped as late", () => {
  const { box } = outbox();
  box.post(START, {}, 0);
  box.acknowledge({ id: "id-1", v: 8, changed: true });
  assert.deepEqual(box.expire(60_000), []);
});

test("what is kept waits for as long as it takes, and goes one after another, each once the one before is answered", () => {
  const { box, sent, line } = outbox(false);
  for (const at of [1, 2]) box.keep({ ...START, at }, { at }, at);
  line.online = true;
  assert.deepEqual(box.sendAgain(60_000), []);
  assert.deepEqual(sent, []);
  box.proceed(60_000);
  box.proceed(60_001);
  assert.deepEqual(sent.map(({ id }) => id), ["id-1"]);
  box.acknowledge({ id: "id-1", v: 8, changed: true });
  box.proceed(60_002);
  assert.deepEqual(sent.map(({ id }) => id), ["id-1", "id-2"]);
});

test("what was on its way when the connection was lost can be kept, and is sent again under its id", () => {
  const { box, sent } = outbox();
  box.post(START, { at: 0 }, 0);
  box.keep({ type: "timer:pause" }, { at: 5 }, 5);
  assert.deepEqual(box.keepAll().map(({ id }) => id), ["id-1"]);
  box.proceed(20_000);
  assert.deepEqual(sent.map(({ id }) => id), ["id-1", "id-1"]);
  assert.deepEqual(box.kept.map(({ id }) => id), ["id-1", "id-2"]);
});

test("ids are random UUIDs", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});
