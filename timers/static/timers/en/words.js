/** What the page says, in English. Pure: text in, text out; names are text and never markup. Every language has the same exports. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// Time

/** "5 minutes", "1 hour 5 minutes"; started minutes count, less than a minute is said in seconds. */
export function length(ms) {
  if (ms < MINUTE_MS) return count(Math.ceil(ms / SECOND_MS), "second");
  const minutes = Math.ceil(ms / MINUTE_MS);
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return [h && count(h, "hour"), m && count(m, "minute")].filter(Boolean).join(" ");
}

/** "18 minutes left", for a screen reader: it changes once a minute. */
export function spoken(ms) {
  if (ms <= 0) return "Time is up";
  if (ms < MINUTE_MS) return "Less than a minute left";
  return `${length(ms)} left`;
}

export const left = (ms) => `${length(ms)} left.`;

// People

export const YOU = "You";
export const SOMEONE = "Someone";

/** What somebody is called who has not said their name. */
export const nameless = (number) => `User ${number}`;

// The timer

export const PHASES = { focus: "Focus", short_break: "Short break", long_break: "Long break" };
export const PHASE = "Phase";

const named = (phase) => PHASES[phase].toLowerCase();
const kind = ({ phase }) => (phase === "focus" ? "focus" : "break");

/** The line inside the dial: when it ends, below who started it where that is known. */
export function ends(timer, timeOfDay, now, starter = null) {
  if (timer.status === "stopped") return "Ready";
  if (timer.status === "paused") return "Paused";
  if (timer.ends_at <= now) return `Ended at ${timeOfDay}`;
  return starter ? `Started by ${starter},\nends ${timeOfDay}` : `Ends at ${timeOfDay}`;
}

export const round = (round, rounds) => `Round ${round} of ${rounds}`;

/** The words on its buttons. */
export const MAIN = { stopped: "Start", running: "Pause", paused: "Resume" };
export const forAll = (word) => `${word} for all`;
export const RESET = "Reset";
export const skipTo = ({ phase }) => (phase === "focus" ? "Skip to break" : "Skip to focus");
export const more = (minutes) => `+${minutes} min`;

/** "Jun paused the timer", "You skipped to the short break in another tab"; `who` is null for you. */
export function deed(who, { action, before, after, undone, whose }, elsewhere = false) {
  const what = DEEDS[action]?.(after, after.duration_ms - before.duration_ms, act(undone, whose)) ?? "changed the timer";
  return `${who ?? YOU} ${what}${elsewhere ? " in another tab" : ""}`;
}

const DEEDS = {
  start: () => "started the timer",
  pause: () => "paused the timer",
  resume: () => "resumed the timer",
  reset: () => "reset the timer",
  skip: ({ phase }) => `skipped to the ${named(phase)}`,
  phase: ({ phase }) => `set the timer to ${named(phase)}`,
  add: (_, ms) => (ms < 0 ? `took ${length(-ms)} off` : `added ${length(ms)}`),
  configure: () => "changed the timer’s settings",
  undo: (timer, ms, what) => `undid ${what ?? "the last change"}`,
  redo: (timer, ms, what) => (what ? `redid ${what}` : "made the last change again"),
};

/** "Ana’s pause", "your skip"; null where it is not known what was undone. */
const act = (undone, whose) => (undone?.action in ACTS ? `${whose ?? "the"} ${ACTS[undone.action]}` : null);
const ACTS = {
  start: "start",
  pause: "pause",
  resume: "resuming",
  reset: "reset",
  skip: "skip",
  phase: "change of phase",
  add: "change of time",
  configure: "change of settings",
};

/** Whose deed was undone, as `deed` takes it: "Ana’s", "your", "their own". */
export const owned = (name, isYours, isTheirs) => (isYours ? "your" : isTheirs ? "their own" : `${name}’s`);

/** What may be offered after a deed. */
export const OFFERS = {
  undo: "Undo",
  redo: "Redo",
  start: (timer) => `Start ${kind(timer)}`,
  skip: "Skip",
  notify: "Tell me next time",
  quiet: "No",
};

/** What a command that changed nothing found. */
export const NOTHING = { undo: "There is nothing to undo.", redo: "There is nothing to do again." };

/** What one's own press did, for a screen reader: "Paused, 17 minutes left". */
export function done(action, timer, left_ms) {
  const said = { start: "Started", resume: "Resumed", pause: "Paused", reset: "Reset", add: "Added" }[action];
  if (action === "configure") return "Settings of the timer changed";
  return `${said ?? PHASES[timer.phase]}, ${length(left_ms)}${action === "start" || action === "reset" ? "" : " left"}`;
}

/** "Focus ended at 14:32, break since 4 min." */
export function ended(phase, timeOfDay, timer, now) {
  const since_ms = timer.status === "running" ? now - timer.started_at : 0;
  const since = since_ms >= MINUTE_MS ? `, ${kind(timer)} since ${Math.floor(since_ms / MINUTE_MS)} min` : "";
  return `${PHASES[phase]} ended at ${timeOfDay}${since}.`;
}

/** The title of a page whose phase has ended and that nobody has looked at since: "● Break time". */
export const timeFor = ({ phase }) => `● ${phase === "focus" ? "Focus" : "Break"} time`;

/** "Focus finished. Short break, 5 minutes." */
export const finished = (phase, next) => `${over(phase)} ${comes(next)}`;
export const over = (phase) => `${PHASES[phase]} finished.`;
export const comes = ({ phase, duration_ms }) => `${PHASES[phase]}, ${length(duration_ms)}.`;

// The connection

export const PILLS = { refused: "Not connected", offline: "Offline", connecting: "Connecting", reconnecting: "Reconnecting", live: "Live" };
export const REASON = "The buttons wait for the server.";
export const BACK = "Back online.";
export const RETRY = "Retry now";

/** What becomes of the timers; `works`: one can still steer one's own. */
const meanwhile = (works, isRoom) =>
  isRoom ? "The timers keep their time" : works ? "Your timer works" : "Your timer keeps its time";

/** Without a network; `shown`: since when the room is shown as it was, or null. */
export function offline(works, isRoom, shown) {
  const since = shown === null ? "" : ` It is shown as of ${shown}.`;
  return `Offline. ${meanwhile(works, isRoom)}; the ${isRoom ? "room" : "server"} will catch up.${since}`;
}

/** `since` is when the connection was lost, null if there never was one; `next_s` is null while it is being tried. */
export function lost(since, works, isRoom, tries, next_s) {
  const what = since === null ? "The server does not answer." : `Connection lost at ${since}.`;
  const next = next_s === null ? "" : `, next in ${next_s} s`;
  return `${what} ${meanwhile(works, isRoom)}; we are reconnecting (try ${tries}${next}).`;
}

/** By how many milliseconds the page may be off. */
export const inStep = (uncertainty_ms) => `In step ± ${uncertainty_ms} ms`;

// What went wrong

/** Why the server did not do what was asked of it, by the code of its `error`. */
export const refused = (code) => REFUSED[code] ?? "The server did not understand this. Reloading the page may help.";
const REFUSED = {
  forbidden: "This is not allowed in this room now, so nothing was changed.",
  unavailable: "The server could not do this in time, so nothing was changed. Please try again.",
  "rate-limited": "That was too much at once. Please wait a moment, then try again.",
};

export const tooLate = (patience_s) =>
  `The server did not answer within ${patience_s} seconds, so this was dropped. Please try again.`;

export const NOT_LOADED = "This could not be fetched from the server. Please try again in a moment.";

// Sound

/** The button for the sound. */
export const SOUND = { name: "Sound", silenced: "Tap to allow sound", on: "Sound on.", off: "Sound off." };
