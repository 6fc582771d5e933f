/**
 * Who is in a room and what each of them does, in the order in which the page shows them. Pure. Whose own timer does not
 * run follows the shared one while that does; so do knocks on the server.
 */

import { AWAY, NOT_TIMING, PAUSED, pursuing, sharedPaused, until, you } from "#rooms/words";
import { YOU } from "#timers/words";
import { colour, remaining } from "../timers/countdown.js";

const MINUTE_MS = 60_000;
const COLOURS = 8;

/**
 * The members with you among them: before the page is connected the room does not know you yet, but you are there.
 */
function present({ you, members }) {
  if (you === null || members.some(({ id }) => id === you.member)) return members;
  const colour = newcomersColour({ id: you.member, taken: members.map(({ colour }) => colour) });
  return [{ id: you.member, name: you.name || YOU, tabs: 1, joined_at: 0, away: false, colour }, ...members];
}

/** What the server will give to somebody who has not been here before: of the colours that fewest have the first, from theirs on. */
export function newcomersColour({ id, taken }) {
  const own = [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0);
  const times = (colour) => taken.filter((other) => other === colour).length;
  const colours = Array.from({ length: COLOURS }, (_, step) => (own + step) % COLOURS);
  return colours.reduce((best, colour) => (times(colour) < times(best) ? colour : best));
}

/** How many people are there, and how many of those who are listed are away. */
export const headcount = (model) => Math.max(model.people, present(model).length);
export const absent = (model) => present(model).filter(({ away }) => away).length;

/** You first, then who is in a focus, on a break, neither, and away, each in the order of their arrival. */
export function inOrder(model, timer) {
  const rank = (member) => (member.id === model.you?.member ? 0 : rankOf(member, followed(timer(member.id), timer("room"))));
  const ranked = present(model).map((member) => ({ member, rank: rank(member) }));
  ranked.sort((one, other) => one.rank - other.rank || one.member.joined_at - other.member.joined_at);
  return ranked.map(({ member }) => member);
}

function rankOf({ away }, timer) {
  if (away) return 4;
  if (timer?.status !== "running") return 3;
  return timer.phase === "focus" ? 1 : 2;
}

const LIVELINESS = { stopped: 0, paused: 1, running: 2 };
const liveliness = (timer) => LIVELINESS[timer?.status] ?? 0;

/** The timer that somebody goes by, of their own and the shared one; undefined where there is none. */
function followed(own, room) {
  return liveliness(room) > liveliness(own) ? room : own;
}

/** What one line of the list shows. */
export function line(member, isYou, own, room, now) {
  const { phase, doing, time } = pursuit({ own, room }, now);
  const isIdle = time === "" && doing === NOT_TIMING;
  const words = [isYou && you(member.tabs), member.away && AWAY, !(member.away && isIdle) && doing];
  return {
    id: member.id,
    name: member.name,
    away: member.away,
    initials: initials(member.name),
    tint: member.colour,
    phase,
    doing: words.filter(Boolean).join(" · "),
    time,
  };
}

/** What somebody does: `{phase, doing, time}`; `phase` is the colour. */
export function pursuit({ own, room }, now = 0) {
  const timer = followed(own, room);
  if (timer === undefined || timer.status === "stopped") return { phase: "idle", doing: NOT_TIMING, time: "" };
  if (timer.status === "paused") return { phase: "idle", doing: timer === room ? sharedPaused(timer.phase) : PAUSED, time: "" };
  const time = until(timer.phase, remaining(timer, now));
  return { phase: colour(timer.phase), doing: pursuing(timer.phase, timer === room), time };
}

/** When somebody will be free to hear a knock: the end of the focus they are in, or null where they are in none. */
export function freeAt(own, room) {
  const timer = followed(own, room);
  return timer?.status === "running" && timer.phase === "focus" ? timer.ends_at : null;
}

/** For the ring of a person: "AM" for Ana Moreno, "JU" for Jun, "U12" for User 12. */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const [first, last] = [[...words[0]], [...words.at(-1)]];
  if (words.length > 1 && /^[0-9]{2,3}$/.test(words.at(-1))) return [first[0], ...last].slice(-3).join("").toUpperCase();
  const letters = words.length > 1 ? [first[0], last[0]] : first;
  return letters.slice(0, 2).join("").toUpperCase();
}

/** Milliseconds until the words about one of these timers change; null when none of them runs. */
export function untilNextMinute(timers, now) {
  const waits = timers
    .filter((timer) => timer.status === "running" && timer.ends_at > now)
    .map((timer) => (timer.ends_at - now) % MINUTE_MS || MINUTE_MS);
  return waits.length > 0 ? Math.min(...waits) : null;
}

const ARRIVED_AFTER_MS = 30_000;
const WORTH_JOINING_MS = 60_000;

/** Whether you have come while the shared focus was under way, and are in no focus or break of your own. Who started it knows. */
export function cameInTheMiddle({ you, members, timers }, now) {
  const { room, [you.member]: own } = timers;
  const { joined_at, tabs } = members.find(({ id }) => id === you.member) ?? { joined_at: 0 };
  const isFocus = room.status === "running" && room.phase === "focus" && room.ends_at - now > WORTH_JOINING_MS;
  if (room.started_by === you.member) return false;
  return isFocus && own.status !== "running" && tabs === 1 && joined_at - room.started_at > ARRIVED_AFTER_MS;
}
