/**
 * How the state of the connection looks: pill, notice row, whether controls wait, and the code of a refusal.
 * Pure: it takes the socket's status, since when it is not online, and the instant. Local milliseconds throughout.
 */

import { lost, offline as withoutNetwork, PILLS } from "#timers/words";
import { timeOfDay } from "./countdown.js";

const PILL_AFTER_MS = 2_000;
const NOTICE_AFTER_MS = 10_000;

/**
 * `lostAt` is null while online; `before` says whether it has been online on this page, `offline` whether the browser
 * has no network, `keeps` whether the timer goes on without the server, `room` whether this is one.
 */
export function look(status, { lostAt, before, offline, keeps, room }, now) {
  if (status.state === "refused") {
    return { pill: PILLS.refused, live: false, away: true, waits: true, notice: null, refusal: status.code };
  }
  const away_ms = lostAt === null ? 0 : now - lostAt;
  const away = lostAt !== null && (offline || away_ms >= PILL_AFTER_MS);
  const state = away && offline ? "offline" : !before ? "connecting" : away ? "reconnecting" : "live";
  const since = lostAt !== null && before ? timeOfDay(lostAt) : null;
  let notice = null;
  if (state === "offline") notice = withoutNetwork(keeps, room, room ? since : null);
  else if (away_ms >= NOTICE_AFTER_MS) notice = lost(since, keeps, room, ...attempt(status, now));
  return { pill: PILLS[state], live: state === "live", away, waits: away && !keeps, notice, refusal: null };
}

/** Which try this is, and in how many seconds it comes; null while it is being made. */
function attempt({ state, tries, retry_at }, now) {
  if (state !== "waiting") return [Math.max(1, tries), null];
  return [tries, Math.max(0, Math.ceil((retry_at - now) / 1_000))];
}
