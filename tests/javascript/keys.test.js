import assert from "node:assert/strict";
import test from "node:test";

import { command, wish } from "../../timers/static/timers/keys.js";
import { timer } from "./fixtures.js";

const BODY = { localName: "body" };
const press = (key, changes = {}) => ({ key, target: BODY, ...changes });

test("every key has its wish, whatever the case of the letter", () => {
  const wishes = { " ": "main", s: "skip", R: "reset", 1: "focus", 2: "short_break", 3: "long_break", m: "sound", U: "undo" };
  for (const [key, wanted] of Object.entries(wishes)) assert.equal(wish(press(key), true), wanted, key);
  assert.equal(wish(press("?", { shiftKey: true }), true), "help");
  assert.equal(wish(press("x"), true), null);
});

test("a key is left alone where somebody writes", () => {
  const fields = [{ localName: "textarea" }, { localName: "select" }, { localName: "input", type: "text" }, { localName: "p", isContentEditable: true }];
  for (const target of fields) {
    assert.equal(wish(press("s", { target }), true), null, target.localName);
    assert.equal(wish(press("z", { target, ctrlKey: true }), true), null, target.localName);
  }
});

test("Space on a button or a link is a press of it, and its letters still count", () => {
  for (const target of [{ localName: "button" }, { localName: "a" }, { localName: "input", type: "radio" }]) {
    assert.equal(wish(press(" ", { target }), true), null);
    assert.equal(wish(press("s", { target }), true), "skip");
  }
});

test("a key held down, or with another one, is meant for something else", () => {
  for (const held of ["repeat", "altKey", "ctrlKey", "metaKey", "shiftKey", "defaultPrevented"]) {
    assert.equal(wish(press("s", { [held]: true }), true), null, held);
  }
});

test("keys of their own can be switched off; Ctrl or Command with Z undoes and redoes all the same", () => {
  for (const key of [" ", "s", "?"]) assert.equal(wish(press(key), false), null);
  assert.equal(wish(press("z", { ctrlKey: true }), false), "undo");
  assert.equal(wish(press("Z", { metaKey: true, shiftKey: true }), false), "redo");
  assert.equal(wish(press("z"), true), null);
});

test("a wish is a command of the timer as it is", () => {
  for (const [status, type] of [["stopped", "timer:start"], ["running", "timer:pause"], ["paused", "timer:resume"]]) {
    assert.deepEqual(command("main", timer({ status })), { type });
  }
  assert.deepEqual(command("long_break", timer()), { type: "timer:phase", phase: "long_break" });
  assert.equal(command("sound", timer()), null);
});
