"""The comparison as a picture for the README, drawn from `latest.json`: what the server's CPU does for one delivered tick.

`python -m bench.chart` draws it again.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
SHAPES = ("rooms-of-5", "one-room")
COST = "web_us_per_tick"
WIDTH, LABEL, BAR, GAP, HEAD = 720, 200, 20, 8, 34
LONGEST = WIDTH - LABEL - 90

STYLE = """
svg { font: 14px system-ui, sans-serif; }
text { fill: #24292f; } .head { font-weight: 600; }
rect { fill: #8c959f; } .tomato { fill: #d1432b; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } rect { fill: #6e7681; } .tomato { fill: #f0705a; } }
"""


def draw(into: Path) -> None:
    """Writes `latest.svg`, unless the results hold nothing to compare."""
    found = json.loads((into / "latest.json").read_text())
    shapes = [shape for name in SHAPES if (shape := [row for row in found["rows"] if row["scenario"] == name])]
    if shapes:
        (into / "latest.svg").write_text(_picture(shapes))


def _picture(shapes: list[list[dict[str, Any]]]) -> str:
    largest = max(row["median"][COST] for shape in shapes for row in shape)
    parts, y = [], 0
    for shape in shapes:
        parts.append(
            f'<text class="head" x="0" y="{y + 20}">{escape(shape[0]["title"])}: µs of CPU per delivered tick</text>'
        )
        y += HEAD
        for row in shape:
            parts += _bar(row, y, largest)
            y += BAR + GAP
        y += GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-labelledby="title desc">',
            '<title id="title">CPU that a server spends on one delivered tick; less is better</title>',
            f'<desc id="desc">{escape(". ".join(map(_told, shapes)))}.</desc>',
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def _bar(row: dict[str, Any], y: int, largest: float) -> list[str]:
    cost, kind = row["median"][COST], ' class="tomato"' if row["site"] == "tomato" else ""
    length = max(2, round(LONGEST * cost / largest))
    return [
        f'<text x="{LABEL - 10}" y="{y + 15}" text-anchor="end">{escape(row["site"])}</text>',
        f'<rect{kind} x="{LABEL}" y="{y}" width="{length}" height="{BAR}" rx="3"/>',
        f'<text x="{LABEL + length + 8}" y="{y + 15}">{_shown(cost)}</text>',
    ]


def _told(shape: list[dict[str, Any]]) -> str:
    costs = ", ".join(f"{row['site']} {_shown(row['median'][COST])} µs" for row in shape)
    return f"{shape[0]['title']}: {costs}"


def _shown(cost: float) -> str:
    return f"{cost:.1f}" if cost < 100 else f"{cost:.0f}"


if __name__ == "__main__":
    draw(RESULTS)
