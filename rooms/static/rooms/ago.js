/** How long something is ago, in words: "just now", "2 hours ago", "yesterday". Pure. */

import { JUST_NOW, LOCALE } from "#rooms/recent-words";

const MINUTE_MS = 60_000;
const UNITS = [
  ["minute", MINUTE_MS],
  ["hour", 60 * MINUTE_MS],
  ["day", 24 * 60 * MINUTE_MS],
];

export function ago(ms) {
  if (ms < MINUTE_MS) return JUST_NOW;
  const [unit, length_ms] = UNITS.findLast(([, length_ms]) => ms >= length_ms);
  return new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" }).format(-Math.floor(ms / length_ms), unit);
}
