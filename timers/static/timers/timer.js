/**
 * What a command will make of a timer, before the server has said so. Pure, and only a guess: the server decides, and
 * what it says replaces the guess. The rules are those of the server's own timer.
 */

import { remaining } from "./countdown.js";

const LEAST_MS = 1_000;
const MOST_MS = 86_400_000;

/** The timer after a command as the wire has it (`{type, …}`); the same one where a guess is not possible. */
export function predict(timer, command, now) {
  switch (command.type) {
    case "timer:start":
      return timer.status === "stopped" ? run(timer, timer.duration_ms, now) : resume(timer, now);
    case "timer:resume":
      return resume(timer, now);
    case "timer:pause":
      return pause(timer, now);
    case "timer:reset":
      return stop(timer, timer.phase);
    case "timer:skip":
      return skip(timer, now);
    case "timer:phase":
      return stop(timer, command.phase);
    case "timer:add":
      return add(timer, command.ms, now);
    case "timer:configure":
      return configure(timer, command);
    default:
      return timer;
  }
}

/** The name that `timer:state` gives to what a command did to this timer. */
export function actionOf(command, timer) {
  if (command.type === "timer:start" && timer.status === "paused") return "resume";
  return command.type.replace("timer:", "");
}

/** The phase that follows, and its round. */
export function following({ phase, round, settings }) {
  if (phase === "focus") return { phase: round % settings.rounds === 0 ? "long_break" : "short_break", round };
  return { phase: "focus", round: phase === "short_break" ? round + 1 : 1 };
}

function run(timer, length_ms, now) {
  return {
    ...timer,
    status: "running",
    remaining_ms: length_ms,
    ends_at: now + length_ms,
    started_at: timer.started_at ?? now,
    paused_at: null,
  };
}

function resume(timer, now) {
  return timer.status === "paused" ? run(timer, timer.remaining_ms, now) : timer;
}

function pause(timer, now) {
  if (timer.status !== "running") return timer;
  return { ...timer, status: "paused", remaining_ms: remaining(timer, now), ends_at: null, paused_at: now };
}

function stop(timer, phase) {
  const length_ms = timer.settings[`${phase}_ms`];
  return {
    ...timer,
    phase,
    status: "stopped",
    duration_ms: length_ms,
    remaining_ms: length_ms,
    ends_at: null,
    started_at: null,
    started_by: null,
    paused_at: null,
  };
}

function skip(timer, now) {
  const { phase, round } = following(timer);
  const next = { ...stop(timer, phase), round };
  const { auto_start_focus, auto_start_breaks } = timer.settings;
  const runs = timer.status !== "stopped" && (phase === "focus" ? auto_start_focus : auto_start_breaks);
  return runs ? run(next, next.duration_ms, now) : next;
}

function add(timer, asked_ms, now) {
  const least_ms = Math.min(0, LEAST_MS - remaining(timer, now));
  const ms = asked_ms > 0 ? Math.min(asked_ms, MOST_MS - timer.duration_ms) : Math.max(asked_ms, least_ms);
  return {
    ...timer,
    duration_ms: timer.duration_ms + ms,
    remaining_ms: timer.remaining_ms + ms,
    ends_at: timer.ends_at === null ? null : timer.ends_at + ms,
  };
}

/** A phase that is under way keeps its length. */
function configure(timer, command) {
  const entries = Object.entries(timer.settings).map(([name, value]) => [name, command[name] ?? value]);
  const after = { ...timer, settings: Object.fromEntries(entries) };
  const length = `${timer.phase}_ms`;
  const takes = timer.status === "stopped" && after.settings[length] !== timer.settings[length];
  return takes ? stop(after, timer.phase) : after;
}
