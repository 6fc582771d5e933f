import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { LiveSession } from "../../timers/static/timers/live-session.js";
import { LiveSocket } from "../../timers/static/timers/live-socket.js";
import { refusal } from "../../timers/static/timers/refusals.js";
import { joined, running, timer } from "./fixtures.js";
import { Line } from "./line.js";
import { World } from "./world.js";

function session(snapshot = joined()) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date", "setInterval"], now: 0 });
  const line = new Line();
  const live = new LiveSession("/ws/room/ABC234", snapshot, line);
  const news = [];
  const complaints = [];
  live.onnews = (item) => news.push(item);
  live.oncomplaint = (about, sentence) => complaints.push([about?.timer, sentence]);
  live.start();
  return { live, line, news, complaints };
}

function online() {
  const all = session();
  all.line.enter("online");
  all.line.say(joined());
  return all;
}

const state = (v, action, by, changes) => ({
  type: "timer:state",
  v,
  now_at: 0,
  timer: running(1_500_000, { id: "room", v, ...changes }),
  action,
  by,
});

test("one's own press shows at once and stays when the server has spoken, whichever of its words comes first", () => {
  for (const order of [["ack", "state"], ["state", "ack"]]) {
    const { live, line, news } = online();
    live.command("room", { type: "timer:start" });
    assert.equal(live.timer("room").status, "running");
    const words = { ack: { type: "ack", id: line.lastId, v: 6, changed: true }, state: state(6, "start", "ana") };
    for (const word of order) {
      line.say(words[word]);
      assert.equal(live.timer("room").status, "running");
    }
    assert.deepEqual(news.map(({ mine }) => mine), [true]);
  }
});

test("a skip is not predicted twice when the server's word comes before its answer", () => {
  const { live, line } = online();
  live.command("room", { type: "timer:skip" });
  line.say(state(6, "skip", "ana", { phase: "short_break", status: "stopped", ends_at: null }));
  assert.equal(live.timer("room").phase, "short_break");
});

test("an error puts the value back and says why", () => {
  const { live, line, complaints } = online();
  live.command("room", { type: "timer:start" });
  line.say({ type: "error", id: line.lastId, code: "unavailable", message: "Nobody is there to do it." });
  assert.equal(live.timer("room").status, "stopped");
  assert.deepEqual(complaints, [["room", "The server could not do this in time, so nothing was changed. Please try again."]]);
});

test("a command that changed nothing is forgotten", () => {
  const { live, line } = online();
  live.command("room", { type: "timer:start" });
  line.say({ type: "ack", id: line.lastId, v: 5, changed: false });
  assert.equal(live.timer("room").status, "stopped");
});

test("somebody else's change under way goes first, and one's own stays on top", () => {
  const { live, line } = online();
  live.command("room", { type: "timer:start" });
  line.say(state(6, "phase", "jun", { phase: "long_break", status: "stopped", ends_at: null, remaining_ms: 900_000, duration_ms: 900_000 }));
  assert.deepEqual([live.timer("room").phase, live.timer("room").status], ["long_break", "running"]);
});

test("the same person in another tab is not this tab", () => {
  const { line, news } = online();
  line.say(state(6, "start", "ana"));
  assert.equal(news[0].mine, false);
});

test("commands name the timer in a room, and none on the solo page", () => {
  const { live, line } = online();
  live.command("ana", { type: "timer:start" });
  assert.equal(line.sent.at(-1).timer, "me");
  live.command("room", { type: "timer:start" });
  assert.equal(line.sent.at(-1).timer, "room");
  const alone = session(joined({ room: null, timers: [timer()] }));
  alone.line.enter("online");
  alone.live.command("solo", { type: "timer:start" });
  assert.equal("timer" in alone.line.sent.at(-1), false);
});

test("what was pressed while the line was down is sent when it is back", () => {
  const { live, line } = online();
  line.enter("waiting");
  live.command("room", { type: "timer:start" });
  assert.deepEqual(line.sent, []);
  mock.timers.tick(3_000);
  line.enter("online");
  assert.equal(line.sent[0].type, "timer:start");
});

test("what could not be sent within ten seconds is dropped with a word, and the value goes back", () => {
  const { live, line, complaints } = online();
  line.enter("waiting");
  live.command("room", { type: "timer:start" });
  mock.timers.tick(10_000);
  assert.equal(live.timer("room").status, "stopped");
  assert.match(complaints[0][1], /did not answer within 10 seconds/);
  line.enter("online");
  assert.deepEqual(line.sent, []);
});

test("a timer's command lapses ten seconds after it was given, by the server's clock and however often it is sent", () => {
  const { live, line } = session(joined({ now_at: 5_000 }));
  line.enter("online");
  line.say({ type: "pong", t: 0, now_at: 5_000.5 });
  line.enter("waiting");
  mock.timers.tick(1_000);
  live.command("room", { type: "timer:start" });
  for (const wait_ms of [3_000, 4_000]) {
    mock.timers.tick(wait_ms);
    line.enter("online");
    line.enter("waiting");
  }
  assert.deepEqual(line.sent.map(({ lapses_at }) => lapses_at), [16_000, 16_000]);
  line.enter("online");
  live.ask({ type: "session:rename", name: "Ana" });
  assert.equal("lapses_at" in line.sent.at(-1), false);
});

test("an answer that it was too late compares the clocks anew", () => {
  const { line } = online();
  const before = line.pings;
  line.say({ type: "error", id: "x", code: "bad_name", message: "No." });
  assert.equal(line.pings, before);
  line.say({ type: "error", id: "x", code: "unavailable", message: "Too late." });
  assert.equal(line.pings, before + 1);
});

/** A session on a real LiveSocket, whose server answers by `answer(message)` until it is `stalled`. */
function connected(timers, answer = () => null) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date", "setInterval"], now: 0 });
  const world = new World();
  const snapshot = joined({ timers });
  const live = new LiveSession("", snapshot, new LiveSocket("ws://here/ws/room/ABC234", world));
  const complaints = [];
  live.oncomplaint = (about, sentence) => complaints.push(sentence);
  live.start();
  world.socket.say(snapshot);
  const pass = (seconds) => {
    for (let second = 0; second < seconds; second += 1) {
      for (const message of world.socket.sent.splice(0)) {
        const said = answer(message);
        if (said !== null) world.socket.say(said);
      }
      mock.timers.tick(1_000);
      world.pass(1_000);
    }
  };
  pass(1);
  return { live, world, pass, complaints };
}

const RUNNING = [running(1_500_000, { id: "room" }), timer({ id: "ana" })];
const STOPPED = [timer({ id: "room" }), timer({ id: "ana" })];
const pong = ({ type, t }) => (type === "ping" ? { type: "pong", t, now_at: t } : null);

test("while a timer runs, a server that falls silent is left within eight seconds", () => {
  const { live, world, pass } = connected(RUNNING, pong);
  const silent = world.socket;
  world.socket.say({ type: "timer:tick", v: 5, now_at: 1_000, remaining_ms: {} });
  silent.send = () => {};
  pass(8);
  assert.equal(silent.readyState, 3);
  pass(2);
  assert.deepEqual([live.connection.pill, live.connection.waits], ["Reconnecting", true]);
});

test("a server that answers is kept though it does not tick, and one without a running timer may be silent", () => {
  const answering = connected(RUNNING, pong);
  answering.pass(60);
  assert.equal(answering.world.sockets.length, 1);
  const quiet = connected(STOPPED, pong);
  quiet.pass(20);
  assert.deepEqual([quiet.world.sockets.length, quiet.world.socket.sent.length], [1, 0]);
});

test("a command without an answer asks after three seconds, and silence leaves the socket", () => {
  const { live, world, pass } = connected(STOPPED, pong);
  const silent = world.socket;
  const said = [];
  silent.send = (text) => said.push(JSON.parse(text).type);
  live.command("room", { type: "timer:start" });
  pass(2);
  assert.deepEqual(said, ["timer:start"]);
  pass(1);
  assert.deepEqual(said, ["timer:start", "ping"]);
  pass(3);
  assert.equal(silent.readyState, 3);
});

test("a server that hears but has nobody to do it is asked once and kept, and the command is dropped with a word", () => {
  const pings = [];
  const answer = (message) => (message.type === "ping" && pings.push(message.t), pong(message));
  const { live, world, pass, complaints } = connected(STOPPED, answer);
  pings.length = 0;
  live.command("room", { type: "timer:start" });
  pass(12);
  assert.deepEqual([world.sockets.length, pings.length], [1, 1]);
  assert.match(complaints[0], /dropped/);
});

test("a half open socket, on which the server still speaks and hears nothing, is left after ten seconds", () => {
  const { live, world, pass } = connected(STOPPED, pong);
  const half = world.socket;
  half.send = () => {};
  live.command("room", { type: "timer:start" });
  for (let second = 0; second < 9; second += 1) {
    half.say({ type: "news" });
    pass(1);
  }
  assert.equal(half.readyState, 1);
  half.say({ type: "news" });
  pass(1);
  assert.equal(half.readyState, 3);
});

test("whoever listens is told when the server has said everything, and may answer at once", () => {
  const { live, line } = session();
  live.onjoined = () => live.ask({ type: "session:rename", name: `not ${live.model.you.name}` });
  line.enter("online");
  line.say(joined({ you: { member: "ana", name: "User 5" } }));
  assert.deepEqual(line.sent.map(({ type, name }) => [type, name]), [["session:rename", "not User 5"]]);
});

test("what a server says to somebody else is not learned, and whoever listens is told to whom", () => {
  const { live, line, news } = online();
  const others = [];
  live.onanother = (member) => others.push(member);
  line.say(joined({ v: 9, you: { member: "eve", name: "Eve" }, members: [] }));
  assert.deepEqual([others, live.model.you.member, live.model.v, news], [["eve"], "ana", 5, []]);
});

test("a gap asks once for a snapshot", () => {
  const { line } = online();
  line.say(state(9, "start", "jun"), state(10, "pause", "jun"));
  assert.deepEqual(line.sent, [{ type: "session:sync" }]);
  line.say(joined({ v: 10 }), state(12, "start", "jun"));
  assert.equal(line.sent.length, 2);
});

test("an answer from before versions began anew does not linger", () => {
  const { live, line } = online();
  live.command("room", { type: "timer:start" });
  line.say({ type: "ack", id: line.lastId, v: 6, changed: true }, joined({ v: 1 }));
  assert.equal(live.timer("room").status, "stopped");
});

test("controls wait after two seconds without the server, the notice comes after ten, and coming back is told", () => {
  const { live, line, news } = online();
  line.enter("waiting");
  assert.deepEqual([live.connection.pill, live.connection.waits], ["Live", false]);
  mock.timers.tick(2_000);
  assert.deepEqual([live.connection.pill, live.connection.waits, live.connection.notice], ["Reconnecting", true, null]);
  mock.timers.tick(8_000);
  assert.match(live.connection.notice, /^Connection lost at/);
  line.enter("online");
  assert.deepEqual([live.connection.pill, live.connection.notice], ["Live", null]);
  assert.deepEqual(news, [{ kind: "back" }]);
});

test("a frozen page that is shown again has not lost its connection hours ago", () => {
  const { live, line } = online();
  line.enter("asleep");
  mock.timers.setTime(3_600_000);
  line.enter("connecting");
  assert.equal(live.connection.waits, false);
});

test("without a network that is said at once, with what the room shows and since when", (t) => {
  const { live, line } = online();
  Object.defineProperty(globalThis.navigator, "onLine", { value: false, configurable: true });
  t.after(() => delete globalThis.navigator.onLine);
  assert.deepEqual([live.connection.pill, live.connection.notice], ["Live", null]);
  line.enter("waiting");
  const { pill, waits, notice } = live.connection;
  assert.deepEqual([pill, waits], ["Offline", true]);
  assert.match(notice, /^Offline\. The timers keep their time; the room will catch up\. It is shown as of \d\d:\d\d\.$/);
});

test("how far it may be out of step is known once the clocks were compared", () => {
  const { live, line } = online();
  assert.equal(live.connection.step, null);
  mock.timers.tick(7);
  line.say({ type: "pong", t: 0, now_at: 120_003 });
  assert.deepEqual([live.connection.step, Math.round(live.ahead / 1_000)], ["In step ± 4 ms", -120]);
});

test("every refusal has a title, a reason and one thing to do", () => {
  for (const code of [4401, 4403, 4404, 4429, 1008]) {
    const { live, line } = online();
    line.status = { state: "refused", code, tries: 0 };
    const { title, why, action } = refusal(live.connection.refusal);
    assert.ok(title && why && action);
  }
});

test("a command that had nothing to do is told, with what it was", () => {
  const { live, line, news } = online();
  live.command("room", { type: "timer:undo" });
  line.say({ type: "ack", id: line.lastId, v: 5, changed: false });
  assert.deepEqual(news.map(({ kind, timer, action }) => [kind, timer, action]), [["nothing", "room", "undo"]]);
});
