import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { refused } from "#timers/words";
import { LiveSession } from "../../timers/static/timers/live-session.js";
import { joined, running, timer } from "./fixtures.js";
import { Line } from "./line.js";
import { Storage } from "./storage.js";

const alone = (changes = {}) =>
  joined({ room: null, people: 0, members: [], v: 1, timers: [timer()], ...changes });

/** A page of one's own timer on a browser that keeps `storage`. */
function session(snapshot = alone(), storage = new Storage(), now = 0) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date", "setInterval"], now });
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  const line = new Line();
  const live = new LiveSession("/ws/solo", snapshot, line);
  const news = [];
  const complaints = [];
  live.onnews = (item) => news.push(item);
  live.oncomplaint = (about, sentence) => complaints.push(sentence);
  live.start();
  return { live, line, news, complaints, storage };
}

/** The same when the connection was there and is lost, and what that needs has been fetched. */
async function lost(snapshot = alone(), storage = new Storage()) {
  const all = session(snapshot, storage);
  all.line.enter("online");
  all.line.say(snapshot);
  all.line.sent.length = 0;
  all.line.enter("waiting");
  await ready(all.live);
  return all;
}

async function ready(live) {
  mock.timers.tick(2_000);
  while (live.connection.waits) await new Promise((resolve) => setImmediate(resolve));
}

function back({ line }, snapshot) {
  line.enter("online");
  line.say(snapshot);
}

/** What the server says when it obeyed. */
const obeyed = (id, v, changes, action) => [
  { type: "ack", id, v, changed: true },
  { type: "timer:state", v, now_at: Date.now(), timer: timer({ v, ...changes }), action, by: "ana" },
];

test("without the server the timer is steered at once, ends at its instant and goes into its break", async () => {
  const { live, news, complaints } = await lost();
  live.command("solo", { type: "timer:start" });
  assert.equal(live.timer("solo").ends_at, 1_502_000);
  mock.timers.tick(60_000);
  live.command("solo", { type: "timer:pause" });
  mock.timers.tick(60_000);
  live.command("solo", { type: "timer:resume" });
  mock.timers.tick(1_440_000);
  const { phase, status, started_at } = live.timer("solo");
  assert.deepEqual([phase, status, started_at], ["short_break", "running", 1_562_000]);
  assert.deepEqual(news.map(({ kind, action }) => [kind, action]), [["completed", undefined], ["changed", "complete"]]);
  assert.deepEqual(complaints, []);
});

test("on return each command goes after the answer to the one before, with its instant and no end to its patience", async () => {
  const all = await lost();
  const { live, line, news, storage } = all;
  live.command("solo", { type: "timer:start" });
  mock.timers.tick(60_000);
  live.command("solo", { type: "timer:pause" });
  mock.timers.tick(60_000);
  assert.equal(JSON.parse(storage.getItem("tomato.deeds")).length, 2);
  back(all, alone({ now_at: 122_000 }));
  assert.deepEqual(line.sent.map(({ type, at }) => [type, at]), [["timer:start", 2_000]]);
  assert.equal("lapses_at" in line.sent[0], false);
  line.say(...obeyed(line.lastId, 2, { status: "running", ends_at: 1_502_000, started_at: 2_000 }, "start"));
  assert.deepEqual(line.sent.map(({ type, at }) => [type, at]).at(-1), ["timer:pause", 62_000]);
  assert.equal(live.timer("solo").status, "paused");
  line.say(...obeyed(line.lastId, 3, { status: "paused", remaining_ms: 1_440_000, started_at: 2_000, paused_at: 62_000 }, "pause"));
  assert.deepEqual([live.timer("solo").remaining_ms, line.sent.length, storage.getItem("tomato.deeds")], [1_440_000, 2, null]);
  assert.deepEqual(news.filter(({ mine }) => mine === false), []);
});

test("what the server says of an end that the page has told is not told again, and its two seconds do not show", async () => {
  const all = await lost();
  const { live, line, news } = all;
  live.command("solo", { type: "timer:start" });
  mock.timers.tick(1_600_000);
  news.length = 0;
  back(all, alone({ now_at: 1_602_000 }));
  line.say(...obeyed(line.lastId, 2, { status: "running", ends_at: 1_502_000, started_at: 2_000 }, "start"));
  mock.timers.tick(2_000);
  assert.equal(live.timer("solo").phase, "short_break");
  const rest = timer({ v: 4, phase: "short_break", status: "running", ends_at: 1_802_000, started_at: 1_502_000, completed_focus: 1 });
  line.say(
    { type: "timer:completed", v: 3, now_at: 1_604_000, timer: "solo", completed_phase: "focus", round: 1, completion: "x", at: 1_502_000 },
    { type: "timer:state", v: 4, now_at: 1_604_000, timer: rest, action: "complete", by: null },
  );
  assert.equal(live.timer("solo").started_at, 1_502_000);
  assert.deepEqual(news.map(({ kind, mine }) => [kind, mine]), [["back", undefined], ["changed", true]]);
});

test("where the timer changed meanwhile the server decides, and what it overruled is told once", async () => {
  const all = await lost(alone({ timers: [running(60_000, { v: 1 })] }));
  const { live, line, news } = all;
  for (const type of ["timer:pause", "timer:reset"]) live.command("solo", { type });
  mock.timers.tick(100_000);
  const rest = timer({ v: 3, phase: "short_break", status: "running", ends_at: 360_000, started_at: 60_000, completed_focus: 1 });
  back(all, alone({ v: 3, now_at: 102_000, timers: [rest] }));
  assert.equal(live.timer("solo").phase, "short_break");
  for (let count = 0; count < 2; count += 1) line.say({ type: "ack", id: line.lastId, v: 3, changed: false, overruled: true });
  const remarks = news.filter(({ kind }) => kind === "remark");
  assert.equal(remarks.length, 1);
  assert.match(remarks[0].sentence, /2 things you did before that did not count/);
  assert.equal(live.timer("solo").phase, "short_break");
});

test("a command that was on its way is neither lost nor given twice, and what is pressed meanwhile waits its turn", async () => {
  const { live, line } = session();
  line.enter("online");
  line.say(alone());
  live.command("solo", { type: "timer:start" });
  const { id } = line.sent[0];
  line.enter("waiting");
  await ready(live);
  mock.timers.tick(60_000);
  line.enter("online");
  line.say(alone({ now_at: 62_000 }));
  live.command("solo", { type: "timer:pause" });
  assert.deepEqual(line.sent.map(({ id, type, at }) => [id === line.sent[0].id, type, at]).slice(1), [[true, "timer:start", 0]]);
  line.say(...obeyed(id, 2, { status: "running", ends_at: 1_500_000, started_at: 0 }, "start"));
  assert.deepEqual([line.sent.at(-1).type, line.sent.at(-1).at], ["timer:pause", 62_000]);
});

test("a page that was loaded again knows what was done, shows it and hands it over", async () => {
  const before = await lost();
  before.live.command("solo", { type: "timer:start" });
  const storage = before.storage;
  before.live.stop();
  const all = session(alone(), storage, 10_000);
  all.live.prepare();
  await ready(all.live);
  assert.equal(all.live.timer("solo").status, "running");
  back(all, alone({ now_at: 10_000 }));
  assert.deepEqual(all.line.sent.filter(({ type }) => type === "timer:start").map(({ at }) => at), [2_000]);
});

test("another person in this browser is handed nothing of it", async () => {
  const all = await lost();
  all.live.command("solo", { type: "timer:start" });
  back(all, alone({ you: { member: "somebody", name: "" } }));
  assert.deepEqual([all.line.sent, all.live.timer("solo").status], [[], "stopped"]);
  assert.equal(all.storage.getItem("tomato.deeds"), null);
});

test("what another tab has handed over is not handed over again", async () => {
  const all = await lost();
  all.live.command("solo", { type: "timer:start" });
  all.storage.removeItem("tomato.deeds");
  back(all, alone({ v: 2, timers: [running(1_502_000, { v: 2 })] }));
  assert.deepEqual([all.line.sent, all.live.timer("solo").status], [[], "running"]);
});

test("an error that will pass is waited out, any other is told", async () => {
  const all = await lost();
  const { live, line, complaints } = all;
  live.command("solo", { type: "timer:start" });
  back(all, alone());
  const { id } = line.sent[0];
  line.say({ type: "error", id, code: "rate-limited", message: "Too much." });
  assert.deepEqual([line.sent.length, complaints], [1, []]);
  mock.timers.tick(1_000);
  assert.deepEqual([line.sent.length, line.lastId], [2, id]);
  line.say({ type: "error", id, code: "invalid", message: "No." });
  assert.deepEqual([complaints, live.timer("solo").status, all.storage.getItem("tomato.deeds")], [[refused("invalid")], "stopped", null]);
});

test("what was done offline can be undone offline, and nothing before that", async () => {
  const { live, news } = await lost();
  live.command("solo", { type: "timer:undo" });
  assert.deepEqual(news.map(({ kind, action }) => [kind, action]), [["nothing", "undo"]]);
  live.command("solo", { type: "timer:start" });
  live.command("solo", { type: "timer:undo" });
  assert.equal(live.timer("solo").status, "stopped");
  live.command("solo", { type: "timer:redo" });
  assert.equal(live.timer("solo").status, "running");
});

test("no command is dated before what the server has already done, even where the clock of the device lags", async () => {
  const { live, line } = await lost(alone({ timers: [running(1_560_000, { started_at: 60_000 })] }));
  live.command("solo", { type: "timer:pause" });
  live.command("solo", { type: "timer:reset" });
  line.enter("online");
  line.say(alone({ timers: [running(1_560_000, { started_at: 60_000 })] }));
  assert.equal(line.sent.at(-1).at, 60_000);
});

test("a browser that keeps nothing works offline until the page is left", async () => {
  const forbidden = new Proxy({}, { get: () => () => { throw new Error("forbidden"); } });
  const all = await lost(alone(), forbidden);
  all.live.command("solo", { type: "timer:start" });
  assert.equal(all.live.timer("solo").status, "running");
  back(all, alone());
  assert.equal(all.line.sent.at(-1).type, "timer:start");
});
