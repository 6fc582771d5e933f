import assert from "node:assert/strict";
import test from "node:test";

import "./static.js";

const { OwnName } = await import("../../rooms/static/rooms/own-name.js");

function browser() {
  const items = new Map();
  const storage = { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value) };
  return () => storage;
}

function visit(storage, name = null) {
  const own = new OwnName(storage);
  if (name !== null) own.remember(name);
  return own;
}

test("a name given in one room is offered in the next, once", () => {
  const storage = browser();
  visit(storage, "Ana");
  const next = visit(storage);
  assert.equal(next.offer("User 5"), "Ana");
  assert.equal(next.offer("User 5"), null);
  assert.equal(visit(storage).offer(""), "Ana");
});

test("a name that somebody has is never replaced, and keeps the offer for later", () => {
  const own = visit(browser(), "Ana");
  assert.equal(own.offer("Jun"), null);
  assert.equal(own.offer("User 5"), "Ana");
});

test("where no name is known, or but a default one, nothing is offered", () => {
  assert.equal(visit(browser()).offer("User 5"), null);
  assert.equal(visit(browser(), "User 7").offer("User 5"), null);
});

test("a browser is asked for a name once, and to give none is an answer", () => {
  const storage = browser();
  assert.equal(visit(storage).asks("User 5"), true);
  assert.equal(visit(storage).asks("Ana"), false);
  const own = visit(storage);
  own.skip();
  for (const later of [own, visit(storage)]) {
    assert.equal(later.asks("User 5"), false);
    assert.equal(later.offer("User 5"), null);
  }
  assert.equal(visit(browser(), "Ana").asks("User 5"), false);
});

test("a browser that forbids its storage knows what it was told until the page is left", () => {
  const forbidden = () => {
    throw new Error("SecurityError");
  };
  assert.equal(visit(forbidden).offer("User 5"), null);
  assert.equal(visit(forbidden).asks("User 5"), true);
  assert.equal(visit(forbidden, "Ana").asks("User 5"), false);
});
