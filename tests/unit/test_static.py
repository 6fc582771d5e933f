"""What browsers are sent of our scripts: all that they do, and nothing that only readers need."""

import minify
import pytest

from tomato.static import bare

SCRIPT = """/**
 * What a file is about, import "nothing" from here.
 */

import { face } from "./countdown.js"; // at the end of a line

export class Clock {
  /** Milliseconds; never `*`. */
  left_ms = 0;

  row(name) {
    return html`<p class="a  b">
      <b>${name}</b>, of all people
    </p>`;
  }
}
"""


def test_comments_and_indents_go_and_imports_names_and_templates_stay() -> None:
    sent = bare(SCRIPT)
    assert len(sent) < len(SCRIPT) / 1.5
    assert 'from"./countdown.js";' in sent
    assert "export class Clock{left_ms=0;row(" in sent
    assert '<p class="a  b">\n<b>${' in sent
    assert "}</b>, of all people\n</p>" in sent


def test_what_cannot_be_read_is_an_error_and_not_sent_half() -> None:
    with pytest.raises(minify.MinifyError):
        bare("export const = ;")
