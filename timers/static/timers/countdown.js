/**
 * What a countdown shows at an instant. Pure: every function takes the instant (`now`, epoch milliseconds on the
 * server's clock) and knows no element and no clock. A timer is as the wire has it; nothing is ever counted down.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const CREEPS_FROM_MS = 10 * MINUTE_MS;

/** Milliseconds left of a timer: never more than all of it, should `now` be a moment behind. */
export function remaining({ ends_at, remaining_ms, duration_ms }, now) {
  return ends_at === null ? remaining_ms : Math.min(duration_ms, Math.max(0, ends_at - now));
}

/** "24:59", from an hour up "1:05:00". A started second still counts, so a full 25 minutes shows as 25:00. */
export function face(ms) {
  const seconds = Math.ceil(ms / SECOND_MS);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** How much of the ring is gone: 0 is a full ring, 1 an empty one. */
export function ringOffset(timer, now) {
  return Number((1 - Math.min(1, remaining(timer, now) / timer.duration_ms)).toFixed(4));
}

/**
 * Whether a second moves the ring by less than two pixels of the largest dial. To glide there would draw sixty pictures
 * a second that nobody can tell apart, for as long as the page is open.
 */
export const creeps = ({ status, duration_ms }) => status === "running" && duration_ms >= CREEPS_FROM_MS;

/** The value of `data-phase`, which chooses the colour. */
export const colour = (phase) => phase.replace("_break", "");

/** The icon that stands for a timer with so much left: by its quarters, a started one counted. */
export function favicon({ phase, duration_ms }, left_ms) {
  return `favicons/${colour(phase)}-${Math.min(4, Math.ceil((4 * left_ms) / duration_ms))}.svg`;
}

/** "14:32" on the reader's own clock. */
export function timeOfDay(at) {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Milliseconds until the face of one of these timers changes next; null when none of them runs. */
export function untilNextSecond(timers, now) {
  const waits = timers
    .filter((timer) => timer.ends_at !== null && timer.ends_at > now)
    .map((timer) => (timer.ends_at - now) % SECOND_MS || SECOND_MS);
  return waits.length > 0 ? Math.min(...waits) : null;
}

/** The minutes left, 5 or 1, that a timer of this length has just reached between two amounts left; else null. */
export function milestone(duration_ms, before_ms, after_ms) {
  const reached = (limit_ms) => duration_ms > limit_ms && before_ms > limit_ms && after_ms <= limit_ms;
  const passed = [1, 5].find((minutes) => reached(minutes * MINUTE_MS));
  return passed !== undefined && after_ms > 0 ? passed : null;
}

/**
 * Which dots of the cycle are filled: "Round 3 of 4" has two behind it, its break three. A round that was skipped is
 * behind it too, so never more are than focus phases were finished.
 */
export function pips(timer) {
  const { rounds } = timer.settings;
  const round = ((timer.round - 1) % rounds) + 1;
  const behind = timer.phase === "focus" ? round - 1 : round;
  return { round, rounds, done: Math.min(behind, timer.completed_focus) };
}

const two = (number) => String(number).padStart(2, "0");
