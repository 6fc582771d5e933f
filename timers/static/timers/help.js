/** The sheet that lists the keys, with the switch that turns those of their own off. */

import { HELP } from "#timers/sheet-words";
import { Sheet } from "./sheet.js";
import { toggle } from "./switches.js";
import { html } from "./vendor/lit-html.js";

export function open(page) {
  const { preferences } = page;
  const steered = page.session.model.room === null ? HELP.solo : HELP.room;
  const line = ([keys, meaning]) => html`<dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${meaning}</dd>`;
  new Sheet(
    page,
    HELP.title,
    () => html`<dl class="keys">${HELP.keys.map(line)}</dl>
      <p class="muted">${steered}</p>
      ${toggle(HELP.toggle, preferences.values.keys, (keys) => preferences.set({ keys }), HELP.always)}`,
  ).open();
}
