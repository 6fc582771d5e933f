import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";

const STATIC = new URL("../../timers/static/timers/", import.meta.url);

test("what is vendored is what its note says", () => {
  const note = readFileSync(new URL("vendor/README.txt", STATIC), "utf8");
  for (const path of ["vendor/lit-html.js", "fonts/inter-latin-wght-normal.woff2"]) {
    const sum = createHash("sha256").update(readFileSync(new URL(path, STATIC))).digest("hex");
    assert.ok(note.includes(sum), `${path} has the sha256 ${sum}`);
  }
});
