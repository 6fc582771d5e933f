import assert from "node:assert/strict";
import test from "node:test";

import { chosen } from "../../timers/static/timers/language.js";

test("the language is the one in the cookie, if there is such a language", () => {
  assert.equal(chosen("csrftoken=a; tomato_language=de"), "de");
  assert.equal(chosen("tomato_language=en; other=de"), "en");
  for (const cookies of ["", "other=de", "tomato_language=fr", "not_tomato_language=de", "tomato_language="]) {
    assert.equal(chosen(cookies), null, cookies);
  }
});
