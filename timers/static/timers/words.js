/** What the page says about phases, people and deeds. Pure: text in, text out; names are text and never markup. */

import { length } from "./countdown.js";

export const PHASES = { focus: "Focus", short_break: "Short break", long_break: "Long break" };

/** The value of `data-phase`, which chooses the colour. */
export const colour = (phase) => phase.replace("_break", "");

/** The line inside the dial: when it ends, and who started it where that is known. */
export function ends(timer, timeOfDay, now, starter = null) {
  if (timer.status === "stopped") return "Ready";
  if (timer.status === "paused") return "Paused";
  if (timer.ends_at <= now) return `Ended at ${timeOfDay}`;
  return starter ? `Started by ${firstName(starter)}, ends ${timeOfDay}` : `Ends at ${timeOfDay}`;
}

/** Whether this is what the server calls somebody who has not said their name. */
export const isDefaultName = (name) => /^(User \d+)?$/.test(name);

/** As much of a name as fits into the dial. */
function firstName(name) {
  if (isDefaultName(name)) return name;
  const [first] = name.split(" ");
  const letters = [...first];
  return letters.length > 12 ? `${letters.slice(0, 11).join("")}…` : first;
}

/** "Jun paused the timer", "You paused it in another tab". */
export function deed(who, { action, after }) {
  const [verb, rest = ""] = deeds(after)[action] ?? ["changed"];
  return who === "You" ? `You ${verb} it${rest} in another tab` : `${who} ${verb} the timer${rest}`;
}

const deeds = ({ phase }) => ({
  start: ["started"],
  pause: ["paused"],
  resume: ["resumed"],
  reset: ["reset"],
  skip: ["moved", ` on to the ${PHASES[phase].toLowerCase()}`],
  phase: ["set", ` to ${PHASES[phase].toLowerCase()}`],
  add: ["changed the time of"],
  configure: ["changed the lengths of"],
  undo: ["undid the last change of"],
  redo: ["repeated the last change of"],
});

/** What one's own press did, for a screen reader: "Paused, 17 minutes left". */
export function done(action, timer, left_ms) {
  if (action === "undo") return "Undone";
  const said = { start: "Started", resume: "Resumed", pause: "Paused", reset: "Reset" }[action] ?? PHASES[timer.phase];
  return `${said}, ${length(left_ms)}${action === "start" || action === "reset" ? "" : " left"}`;
}

/** What one's own press took away, where that can be undone: "Timer reset."; else null. */
export function taken(action, before, after) {
  if (action === "skip") return `${PHASES[before.phase]} skipped.`;
  if (before.status === "stopped") return null;
  return { reset: "Timer reset.", phase: `Timer set to ${PHASES[after.phase].toLowerCase()}.` }[action] ?? null;
}

/** "Focus finished. Short break, 5 minutes." */
export function finished(phase, next) {
  return `${PHASES[phase]} finished. ${PHASES[next.phase]}, ${length(next.duration_ms)}.`;
}

/** "Ana and Jun joined. Lea left." */
export function comings(arrived, left) {
  const sentences = [arrived.length && `${list(arrived)} joined.`, left.length && `${list(left)} left.`];
  return sentences.filter(Boolean).join(" ");
}

/** "Ana", "Ana and Jun", "Ana, Jun and 3 others". */
function list(names) {
  if (names.length === 1) return names[0];
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  const others = names.length - 2;
  return `${names[0]}, ${names[1]} and ${others} other${others === 1 ? "" : "s"}`;
}

/** Two letters for the ring of a person: "AM" for Ana Moreno, "JU" for Jun. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [...words[0]].slice(0, 1).concat([...words.at(-1)].slice(0, 1)) : [...words[0]];
  return letters.slice(0, 2).join("").toUpperCase();
}

/** What a person's timer is doing: `{phase, doing, time}`; `phase` is the colour. */
export function pursuit(timer, time) {
  if (timer === undefined || timer.status === "stopped") return { phase: "idle", doing: "Not timing", time: "" };
  const doing = timer.status === "paused" ? `${PHASES[timer.phase]}, paused` : PHASES[timer.phase];
  return { phase: timer.status === "paused" ? "idle" : colour(timer.phase), doing, time };
}
