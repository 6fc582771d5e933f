import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { Knocks } from "../../rooms/static/rooms/knocks.js";

function knocks() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  let changes = 0;
  return { knocks: new Knocks(() => (changes += 1)), changes: () => changes };
}

test("a knock waits until it is heard, which is shown for a moment", () => {
  const { knocks: own, changes } = knocks();
  own.knock("jun");
  assert.equal(own.of("jun"), "waits");
  own.hear("jun");
  assert.equal(own.of("jun"), "heard");
  mock.timers.tick(5_000);
  assert.equal(own.of("jun"), undefined);
  assert.equal(changes(), 1);
});

test("another knock in that moment waits on", () => {
  const { knocks: own } = knocks();
  own.hear("jun");
  own.knock("jun");
  mock.timers.tick(5_000);
  assert.equal(own.of("jun"), "waits");
});

test("a knock that was refused, and one at somebody who left, are none", () => {
  const { knocks: own } = knocks();
  own.knock("jun");
  own.drop("jun");
  assert.equal(own.of("jun"), undefined);
  own.knock("jun");
  own.knock("lea");
  own.keep(new Set(["lea"]));
  assert.deepEqual([own.of("jun"), own.of("lea")], [undefined, "waits"]);
});
