import assert from "node:assert/strict";
import test from "node:test";

import { LiveSocket } from "../../timers/static/timers/live-socket.js";
import { World } from "./world.js";

function started() {
  const world = new World();
  const live = new LiveSocket("ws://here/ws/solo", world);
  const states = [];
  live.onstate = ({ state }) => states.push(state);
  live.start();
  return { world, live, states };
}

function online() {
  const all = started();
  all.world.socket.say({ type: "session:joined" });
  return all;
}

/** Drops the present socket and says how long the next one took to come. */
function delayAfter(world, code) {
  const count = world.sockets.length;
  const from = world.time;
  world.socket.drop(code);
  while (world.sockets.length === count) world.pass(1);
  return world.time - from;
}

test("it is online with the first message, not before", () => {
  const { world, live, states } = started();
  world.socket.readyState = 1;
  assert.equal(live.send({ type: "ping" }), false);
  world.socket.say({ type: "session:joined" });
  assert.deepEqual(states, ["connecting", "online"]);
  assert.equal(live.send({ type: "timer:start" }), true);
});

test("messages are handed on as they were said", () => {
  const { world, live } = started();
  const heard = [];
  live.onmessage = (message) => heard.push(message);
  world.socket.say({ type: "session:joined", v: 3 });
  assert.deepEqual(heard, [{ type: "session:joined", v: 3 }]);
});

test("the delay doubles up to its cap, and is random below it", () => {
  const { world } = online();
  world.luck = 1;
  const delays = Array.from({ length: 9 }, () => delayAfter(world));
  assert.deepEqual(delays, [600, 1_100, 2_100, 4_100, 8_100, 16_100, 30_100, 30_100, 30_100]);
  world.luck = 0;
  assert.equal(delayAfter(world), 100);
});

test("in a hidden tab the cap is a minute", () => {
  const { world } = online();
  world.luck = 1;
  world.document.visibilityState = "hidden";
  const delays = Array.from({ length: 8 }, () => delayAfter(world));
  assert.equal(delays.at(-1), 60_100);
});

test("the delay begins anew only after five seconds online", () => {
  const { world } = online();
  world.luck = 1;
  delayAfter(world);
  world.socket.say({});
  world.pass(4_999);
  assert.equal(delayAfter(world), 1_100);
  world.socket.say({});
  world.pass(5_000);
  assert.equal(delayAfter(world), 600);
});

test("after a deploy everybody comes back within a wider window", () => {
  for (const code of [1001, 1012]) {
    const { world } = online();
    world.luck = 1;
    assert.equal(delayAfter(world, code), 5_100);
    assert.equal(delayAfter(world, code), 1_100);
  }
});

test("a connection that does not come within eight seconds is given up", () => {
  const { world, states } = started();
  world.pass(8_000);
  assert.deepEqual(states, ["connecting", "waiting"]);
  world.pass(600);
  assert.equal(world.sockets.length, 2);
});

test("a connection that opens and says nothing is given up too", () => {
  const { world, live } = started();
  world.socket.readyState = 1;
  world.pass(8_000);
  assert.equal(live.status.state, "waiting");
});

test("after 25 quiet seconds it asks, and an answer keeps it", () => {
  const { world, live } = online();
  world.pass(25_000);
  assert.deepEqual(world.socket.sent, [{ type: "ping", t: 25_000 }]);
  world.pass(7_999);
  world.socket.say({ type: "pong", t: 25_000, now_at: 0 });
  world.pass(10_000);
  assert.equal(live.status.state, "online");
  assert.equal(world.sockets.length, 1);
});

test("with no answer in eight seconds it turns away without waiting for a farewell", () => {
  const { world, live } = online();
  const silent = world.socket;
  world.pass(33_000);
  assert.equal(silent.readyState, 3);
  assert.equal(live.status.state, "waiting");
});

test("refusals are final", () => {
  for (const code of [1008, 4401, 4403, 4404, 4429]) {
    const { world, live } = online();
    world.socket.drop(code);
    world.pass(600_000);
    world.happen("window", "focus");
    assert.deepEqual([live.status.state, live.status.code, world.sockets.length], ["refused", code, 1]);
  }
});

test("after a refusal a press of the button still tries", () => {
  const { world, live } = online();
  world.socket.drop(4429);
  live.retry();
  assert.equal(world.sockets.length, 2);
});

test("a late event of an old socket cannot touch the new one", () => {
  const { world, live } = online();
  const old = world.socket;
  live.retry();
  old.drop(4404);
  old.say({ type: "session:joined" });
  assert.equal(live.status.state, "connecting");
});

test("what wakes a tab connects at once and without the old delay", () => {
  for (const [target, type, fields] of [
    ["document", "visibilitychange"],
    ["document", "resume"],
    ["window", "pageshow", { persisted: true }],
    ["window", "online"],
    ["window", "focus"],
  ]) {
    const { world, live } = online();
    for (let n = 0; n < 5; n += 1) delayAfter(world);
    world.socket.drop();
    const count = world.sockets.length;
    world.happen(target, type, fields);
    assert.equal(world.sockets.length, count + 1, type);
    assert.equal(live.status.tries, 0);
  }
});

test("a tab that becomes hidden wakes nothing", () => {
  const { world } = online();
  world.socket.drop();
  world.document.visibilityState = "hidden";
  world.happen("document", "visibilitychange");
  assert.equal(world.sockets.length, 1);
});

test("waking restarts an attempt that hangs for more than three seconds", () => {
  const { world } = started();
  world.pass(3_000);
  world.happen("window", "focus");
  assert.equal(world.sockets.length, 1);
  world.pass(1);
  world.happen("window", "focus");
  assert.equal(world.sockets.length, 2);
});

test("waking asks a socket that was silent for more than four seconds, and replaces it after 1.5 without an answer", () => {
  const { world, live } = online();
  world.pass(4_000);
  world.happen("window", "focus");
  assert.deepEqual(world.socket.sent, []);
  world.pass(1);
  world.happen("window", "focus");
  assert.equal(world.socket.sent.length, 1);
  world.pass(1_499);
  assert.equal(world.sockets.length, 1);
  world.pass(1);
  assert.deepEqual([world.sockets.length, live.status.state], [2, "connecting"]);
});

test("a browser that loses its network asks at once whether that is so", () => {
  const { world, live } = online();
  world.happen("window", "offline");
  world.pass(2_500);
  assert.equal(live.status.state, "waiting");
});

test("an answer that was due while the machine slept is not waited for again", () => {
  const { world, live } = online();
  live.ping();
  world.sleep(60_000);
  world.happen("window", "focus");
  assert.equal(world.socket.sent.length, 2);
});

test("a doubt gives 2.5 seconds, and a later question does not lengthen them", () => {
  const { world, live } = online();
  live.doubt();
  world.pass(1_000);
  live.ping();
  live.doubt();
  assert.deepEqual(world.socket.sent, [{ type: "ping", t: 0 }]);
  world.pass(1_499);
  assert.equal(live.status.state, "online");
  world.pass(1);
  assert.equal(live.status.state, "waiting");
});

test("a doubt shortens the wait for an answer that is due later", () => {
  const { world, live } = online();
  live.ping();
  live.doubt();
  world.pass(2_500);
  assert.equal(live.status.state, "waiting");
});

test("whatever is heard ends a doubt, and the next one asks again", () => {
  const { world, live } = online();
  live.doubt();
  world.socket.say({ type: "timer:tick" });
  world.pass(10_000);
  assert.equal(live.status.state, "online");
  live.doubt();
  assert.equal(world.socket.sent.length, 2);
});

test("an open socket that is given up is left at once and comes back; any other is let be", () => {
  const { world, live } = online();
  const half = world.socket;
  live.giveUp();
  assert.deepEqual([half.readyState, live.status.state], [3, "waiting"]);
  live.giveUp();
  assert.equal(live.status.tries, 1);
  world.pass(600);
  assert.equal(world.sockets.length, 2);
});

test("a clock that jumped wakes like an event", () => {
  const { world, live } = online();
  world.sleep(16_000);
  world.pass(0);
  assert.deepEqual(world.socket.sent, [{ type: "ping", t: 16_000 }]);
  world.pass(1_500);
  assert.deepEqual([world.sockets.length, live.status.state], [2, "connecting"]);
});

test("a machine that slept and told nobody is connected again within three seconds", () => {
  const { world, live } = online();
  world.pass(400);
  world.freeze(600_000);
  const before = world.time;
  while (world.sockets.length === 1) world.pass(100);
  world.socket.say({ type: "session:joined" });
  assert.equal(live.status.state, "online");
  assert.ok(world.time - before < 3_000);
});

test("a frozen page says goodbye, and comes back when it is shown", () => {
  for (const [target, type, fields] of [
    ["document", "freeze"],
    ["window", "pagehide", { persisted: true }],
  ]) {
    const { world, live } = online();
    world.happen(target, type, fields);
    assert.equal(world.socket.readyState, 3);
    assert.equal(live.status.state, "asleep");
    world.pass(60_000);
    assert.equal(world.sockets.length, 1);
    world.happen("window", "pageshow", { persisted: true });
    assert.equal(world.sockets.length, 2);
  }
});

test("forty dropped sockets come back spread out", () => {
  const delays = Array.from({ length: 40 }, (_, index) => {
    const { world } = online();
    world.luck = index / 40;
    return delayAfter(world, 1012);
  });
  assert.ok(Math.max(...delays) - Math.min(...delays) > 4_000);
});

test("stopped, it listens and waits no longer", () => {
  const { world, live } = online();
  live.stop();
  world.happen("window", "focus");
  world.pass(60_000);
  assert.equal(world.sockets.length, 1);
});
