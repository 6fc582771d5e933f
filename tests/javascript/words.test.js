import assert from "node:assert/strict";
import test from "node:test";

import { ends, isDefaultName } from "../../timers/static/timers/words.js";
import { running } from "./fixtures.js";

const startedBy = (name) => ends(running(9_000), "08:27", 0, name);

test("the dial has room for a first name, and for the whole of a name that the server gave", () => {
  assert.equal(startedBy("Ana Moreno"), "Started by Ana, ends 08:27");
  assert.equal(startedBy("Wolfeschlegelstein"), "Started by Wolfeschleg…, ends 08:27");
  assert.equal(startedBy("User 5"), "Started by User 5, ends 08:27");
  assert.equal(startedBy("User Five"), "Started by User, ends 08:27");
});

test("a default name is the server's, and nothing else", () => {
  for (const name of ["User 5", "User 120", ""]) assert.equal(isDefaultName(name), true, name);
  for (const name of ["User", "User ", "User 5a", "user 5", "A User 5", "Ana"]) assert.equal(isDefaultName(name), false, name);
});
