import assert from "node:assert/strict";
import test from "node:test";

import { Presence } from "../../rooms/static/rooms/presence.js";
import { World } from "./world.js";

const MINUTE_MS = 60_000;

function atTab() {
  const world = new World();
  const told = [];
  const tab = { world, told, isTimed: false };
  tab.presence = new Presence((away) => told.push(away), () => tab.isTimed, world);
  tab.presence.start();
  tab.turn = (visibilityState) => {
    world.document.visibilityState = visibilityState;
    world.happen("document", "visibilitychange");
  };
  tab.time = (isTimed) => {
    tab.isTimed = isTimed;
    tab.presence.look();
  };
  return tab;
}

test("who is there and moves now and then is never away, and nothing is said", () => {
  const { world, told } = atTab();
  for (let minute = 0; minute < 60; minute += 9) {
    world.pass(9 * MINUTE_MS);
    world.happen("window", "pointermove");
  }
  assert.deepEqual(told, []);
});

test("a tab that is hidden for a minute is away, whatever runs, and back when it is seen", () => {
  const { world, told, turn, time } = atTab();
  time(true);
  turn("hidden");
  world.pass(MINUTE_MS - 1);
  assert.deepEqual(told, []);
  world.pass(1);
  assert.deepEqual(told, [true]);
  turn("visible");
  assert.deepEqual(told, [true, false]);
});

test("a glance at another tab is no absence", () => {
  const { world, told, turn } = atTab();
  for (const state of ["hidden", "visible", "hidden", "visible"]) {
    turn(state);
    world.pass(MINUTE_MS - 1);
  }
  assert.deepEqual(told, []);
});

test("a tab in which nobody has moved for ten minutes is away, and back at the first move", () => {
  const { world, told } = atTab();
  world.pass(10 * MINUTE_MS - 1);
  assert.deepEqual(told, []);
  world.pass(1);
  assert.deepEqual(told, [true]);
  world.happen("window", "keydown");
  assert.deepEqual(told, [true, false]);
});

test("while a timer runs nobody need move, and the ten minutes begin with its end", () => {
  const { world, told, time } = atTab();
  time(true);
  world.pass(25 * MINUTE_MS);
  time(false);
  world.pass(10 * MINUTE_MS - 1);
  assert.deepEqual(told, []);
  world.pass(1);
  assert.deepEqual(told, [true]);
});

test("a timer that somebody else starts brings nobody back; who then moves is there until it is over", () => {
  const { world, told, time } = atTab();
  world.pass(10 * MINUTE_MS);
  time(true);
  assert.deepEqual(told, [true]);
  world.happen("window", "pointermove");
  world.pass(25 * MINUTE_MS);
  assert.deepEqual(told, [true, false]);
});

test("a new connection is told of an absence, and of nothing else", () => {
  const { world, told, presence, turn } = atTab();
  presence.repeat();
  assert.deepEqual(told, []);
  turn("hidden");
  world.pass(MINUTE_MS);
  presence.repeat();
  assert.deepEqual(told, [true, true]);
});

test("a page that is opened in a tab nobody sees is away after a minute", () => {
  const { world, told, turn } = atTab();
  turn("hidden");
  turn("hidden");
  world.pass(MINUTE_MS);
  assert.deepEqual(told, [true]);
});
