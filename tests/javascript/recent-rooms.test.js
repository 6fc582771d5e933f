import assert from "node:assert/strict";
import test from "node:test";

import "./static.js";

import { ago } from "../../rooms/static/rooms/ago.js";

const { RecentRooms } = await import("../../rooms/static/rooms/recent-rooms.js");

function browser(items = new Map()) {
  const storage = { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value) };
  return () => storage;
}

function codes(rooms) {
  return rooms.list().map(({ code }) => code);
}

test("rooms are listed from the one entered last, each once", () => {
  const storage = browser();
  const rooms = new RecentRooms(storage);
  rooms.enter("ABC234", "", 1);
  rooms.enter("DEF567", "Writers", 2);
  rooms.enter("ABC234", "Readers", 3);
  assert.deepEqual(new RecentRooms(storage).list(), [
    { code: "ABC234", name: "Readers", at: 3 },
    { code: "DEF567", name: "Writers", at: 2 },
  ]);
});

test("a few are kept, and one can be forgotten", () => {
  const rooms = new RecentRooms(browser());
  for (let number = 2; number <= 9; number += 1) rooms.enter(`ABC23${number}`, "", number);
  assert.deepEqual(codes(rooms), ["ABC239", "ABC238", "ABC237", "ABC236", "ABC235", "ABC234"]);
  rooms.forget("ABC237");
  rooms.forget("ZZZZZZ");
  assert.deepEqual(codes(rooms), ["ABC239", "ABC238", "ABC236", "ABC235", "ABC234"]);
});

test("a room that was forgotten comes back to where it was", () => {
  const rooms = new RecentRooms(browser());
  for (const [number, code] of ["ABC234", "ABC235", "ABC236"].entries()) rooms.enter(code, "", number);
  const [, forgotten] = rooms.list();
  rooms.forget(forgotten.code);
  rooms.enter(forgotten.code, forgotten.name, forgotten.at);
  assert.deepEqual(codes(rooms), ["ABC236", "ABC235", "ABC234"]);
});

test("what somebody else has written there is no room", () => {
  for (const junk of ["", "{", "null", "7", '{"code": "ABC234"}', "[null]", '[{"code": "../admin"}]', '[{"code": 7}]']) {
    assert.deepEqual(codes(new RecentRooms(browser(new Map([["tomato.rooms", junk]])))), [], junk);
  }
});

test("a browser that forbids its storage has no rooms and no failure", () => {
  const rooms = new RecentRooms(() => {
    throw new Error("SecurityError");
  });
  rooms.enter("ABC234", "", 1);
  rooms.forget("ABC234");
  assert.deepEqual(codes(rooms), []);
});

test("how long ago in words", () => {
  const minute = 60_000;
  const cases = [
    [-5 * minute, "just now"],
    [0, "just now"],
    [minute, "1 minute ago"],
    [59.9 * minute, "59 minutes ago"],
    [60 * minute, "1 hour ago"],
    [23.9 * 60 * minute, "23 hours ago"],
    [24 * 60 * minute, "yesterday"],
    [29.9 * 24 * 60 * minute, "29 days ago"],
  ];
  for (const [ms, words] of cases) assert.equal(ago(ms), words);
});
