import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { LANGUAGES } from "../../timers/static/timers/language.js";
import "./static.js";

const CHECKOUT = new URL("../../", import.meta.url);
const { imports } = JSON.parse(readFileSync(new URL("package.json", CHECKOUT)));
const OTHERS = Object.keys(LANGUAGES).filter((language) => language !== "en");

/** What may well be the same word in another language. */
const SHARED = ["Phase", "Start", "Offline", "Live", "OK", "Timer", "System", "S", "R", "U", "1", "2", "3", "M", "?"];

/** Every word that a module says, by its place, or the function that makes it. */
function words(said, place = "") {
  if (typeof said !== "object") return [[place, said]];
  return Object.entries(said).flatMap(([name, part]) => words(part, `${place}.${name}`));
}

const kind = ([place, word]) => `${place}: ${typeof word}${word === "" ? ", empty" : ""}`;

for (const [name, file] of Object.entries(imports)) {
  const english = words(await import(name));
  for (const language of OTHERS) {
    const translated = words(await import(new URL(file.replace("/en/", `/${language}/`), CHECKOUT)));
    test(`${name} says in ${language} what it says in English`, () => {
      assert.deepEqual(translated.map(kind), english.map(kind));
    });
    test(`${name} is translated into ${language} to the last word`, () => {
      const said = new Map(english);
      const kept = translated.filter(([place, word]) => typeof word === "string" && word === said.get(place));
      assert.deepEqual(kept.filter(([, word]) => !SHARED.includes(word)), []);
    });
  }
}

test("each language has the same modules, and all of them are known by name", () => {
  for (const app of ["timers", "rooms"]) {
    const known = Object.keys(imports).filter((name) => name.startsWith(`#${app}/`)).map((name) => `${name.split("/")[1]}.js`);
    for (const language of Object.keys(LANGUAGES)) {
      assert.deepEqual(readdirSync(new URL(`${app}/static/${app}/${language}/`, CHECKOUT)).sort(), known.sort());
    }
  }
});
