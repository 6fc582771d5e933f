/**
 * What the page of a room says about people, knocks and who controls its timer, in English. Pure: text in, text out; names
 * are text and never markup. What the first state of the page says too is in rooms/templatetags/people.py.
 */

import { length } from "#timers/words";

const MINUTE_MS = 60_000;

export const titled = (code) => `Room ${code}`;

/** How each timer is spoken of. */
export const PREFIXES = { shared: "Shared timer: ", own: "Your timer: " };

// Names

/** "Ana", "Ana and Jun", "Ana, Jun and 3 others". */
export function list(names) {
  if (names.length === 1) return names[0];
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} other${names.length === 3 ? "" : "s"}`;
}

/** "Ana and Jun joined. Lea left." */
export function comings(arrived, left) {
  const sentences = [arrived.length && `${list(arrived)} joined.`, left.length && `${list(left)} left.`];
  return sentences.filter(Boolean).join(" ");
}

/** On the dial, if you started the timer. */
export const BY_YOU = "you";

// The list of people

export const PEOPLE = "People";
export const ALONE = "You are alone here. Share this link:";

/** "3 here, 1 away". */
export const here = (people, away) => `${people - away} here${away > 0 ? `, ${away} away` : ""}`;

/** "and 12 more", when a room has more people than are listed. */
export const more = (people, listed) => (people > listed ? `and ${people - listed} more` : null);

export const NOT_TIMING = "Not timing";
export const PAUSED = "Paused";
export const AWAY = "Away";

/** "Focus" with "free in 7 min", "Shared break" with "3 min left". */
export const pursuing = (phase, isShared) =>
  phase === "focus" ? (isShared ? "Shared focus" : "Focus") : isShared ? "Shared break" : "Break";
export const sharedPaused = (phase) => `${pursuing(phase, true)} · paused`;
export const until = (phase, left_ms) => (phase === "focus" ? `free in ${span(left_ms)}` : `${span(left_ms)} left`);

/** How somebody finds themselves in the list. */
export const you = (tabs) => (tabs > 1 ? `You and ${tabs} tabs` : "You");

function span(ms) {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const NAMING = {
  label: "Your name",
  save: "Save",
  skip: "Skip",
  cancel: "Cancel",
  change: "Change your name",
};

// Knocks

export const KNOCK = "Knock";
export const knockAt = (name) => `Knock at ${name}`;

/** What stands on the button until a knock is heard, and then for a moment; `time` is null for who is free. */
export const willHear = (time) => (time === null ? "will hear you soon" : `will hear you at ${time}`);
export const HEARD = "has heard you";
export const sentence = (name, what) => `${name} ${what}.`;

/** "Jun knocked.", of an old one "Jun knocked at 14:05."; `time` is null of one that came just now. */
export const knocked = (name, time) => `${name} knocked${time === null ? "" : ` at ${time}`}.`;
export const DISMISS = "OK";

// Coming in the middle

export const inTheMiddle = (left_ms, time) => `${length(left_ms)} left: join in, or wait for the break at ${time}.`;

// Who controls the timer

export const NO_PAUSING = "A running focus is not paused or cut short.";
export const CHANGE = "Change";
export const CHANGE_CONTROL = "Change who controls the timer";

/** "You and Ana control the timer."; `others` are names. */
export function controlled(isYou, others) {
  const names = isYou ? ["You", ...others] : others;
  return `${list(names)} ${names.length === 1 && !isYou ? "controls" : "control"} the timer.`;
}
export const EVERYONE = "Everyone controls the timer.";
export const ABSENT = "Nobody who controls the timer is here, so everyone does.";

export const changedControl = (name) => `${name} changed who controls the timer.`;
export const YOU_CHANGED = "You changed who controls the timer.";
export const handedOver = (name) => `You handed the room over to ${name}.`;
export const TAKEN_BACK = "You took the room back.";
export const takenBack = (name) => `${name} took the room back.`;
export const YOURS_NOW = "The room is yours now: you say who controls its timer.";

// The invitation

/** On the button that copies the link, and what a screen reader is told. */
export const COPIED = ["Copied", "Link copied."];
export const NOT_COPIED = ["Not copied", "The link could not be copied; it is selected now."];
