import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { Chime } from "../../timers/static/timers/chime.js";

/** As much of Web Audio as a chime needs: every source keeps when it starts and whether it was stopped before its time. */
class FakeContext extends EventTarget {
  state = "running";
  currentTime = 10;
  sources = [];
  createGain = () => fakeNode();
  resume = async () => (this.state = "running");
  suspend = async () => (this.state = "suspended");

  get begun() {
    return this.sources.filter(({ stopped }) => !stopped).map(({ at_s }) => at_s);
  }
}

const fakeNode = () => ({ connect: (next) => next, gain: new Proxy({}, { get: () => () => {} }) });
globalThis.GainNode = function () {
  return fakeNode();
};
globalThis.OscillatorNode = function (context) {
  const source = { ...fakeNode(), start: (at_s) => (source.at_s = at_s), stop: (at_s) => (source.stopped ||= at_s === undefined) };
  context.sources.push(source);
  return source;
};

function chime() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const context = new FakeContext();
  return { context, chime: new Chime(context, () => {}) };
}

const end = (in_ms) => ({ id: "solo", kind: "focus", in_ms });

test("what is planned is called off when it is no longer due", () => {
  const { context, chime: it } = chime();
  it.plan([end(5_000)]);
  assert.equal(Math.min(...context.begun), 15);
  it.plan([]);
  assert.deepEqual(context.begun, []);
});

test("a completion that is told a moment before its sound does not call that off, nor lays it out twice", () => {
  const { context, chime: it } = chime();
  it.plan([end(30)]);
  const planned = context.begun;
  it.letRing("solo");
  it.plan([end(20)]);
  it.plan([{ id: "solo", kind: "break", in_ms: 300_000 }]);
  assert.deepEqual(context.begun.filter((at_s) => at_s < 100), planned);
});

test("a completion does not keep what is due much later", () => {
  const { context, chime: it } = chime();
  it.plan([end(60_000)]);
  it.letRing("solo");
  it.plan([]);
  assert.deepEqual(context.begun, []);
});

test("it rests when nothing has been due for a while, and wakes for what is due next", async () => {
  const { context, chime: it } = chime();
  it.plan([]);
  mock.timers.tick(5_000);
  assert.equal(it.sounds, true);
  mock.timers.tick(2_000);
  assert.equal(it.sounds, false);
  it.plan([end(5_000)]);
  await null;
  assert.equal(it.sounds, true);
});

test("a browser that does not let it sound gets nothing to sound", () => {
  const { context, chime: it } = chime();
  context.state = "suspended";
  context.resume = () => Promise.reject(new Error("not in a press"));
  it.plan([end(5_000)]);
  assert.deepEqual(context.begun, []);
});
