import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { LiveSession } from "../../timers/static/timers/live-session.js";
import { joined, running, timer } from "./fixtures.js";

/** Where a socket would be: keeps what is sent, and says what the test tells it to. */
class Line {
  status = { state: "connecting", tries: 0 };
  sent = [];

  start() {}
  stop() {}
  ping() {}

  send(message) {
    return this.status.state === "online" && this.sent.push(message) > 0;
  }

  enter(state) {
    this.status = { state, tries: 0, retry_at: 0 };
    this.onstate(this.status);
  }

  say(...messages) {
    for (const message of messages) this.onmessage(message);
  }

  get lastId() {
    return this.sent.at(-1).id;
  }
}

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
  assert.deepEqual(complaints, [["room", "Nobody is there to do it."]]);
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

test("every refusal has a title, a reason and one thing to do", () => {
  for (const code of [1008, 4401, 4403, 4404, 4429]) {
    const { live, line } = online();
    line.status = { state: "refused", code, tries: 0 };
    const { title, why, action } = live.connection.refusal;
    assert.ok(title && why && action);
  }
});
