/** Who is in a room, in the order and the words in which the page shows them. Pure. */

import { face, remaining } from "../timers/countdown.js";
import { initials, pursuit } from "../timers/words.js";

/**
 * The members with you among them: before the page is connected the room does not know you yet, but you are there.
 */
function present({ you, members }) {
  const listed = you === null || members.some(({ id }) => id === you.member);
  return listed ? members : [{ id: you.member, name: you.name || "You", tabs: 1, joined_at: 0 }, ...members];
}

/** How many people are there. */
export const headcount = (model) => Math.max(model.people, present(model).length);

/** You first, then who is focusing, on a break, paused and not timing, each in the order of their arrival. */
export function inOrder(model) {
  const rank = ({ id }) => (id === model.you?.member ? 0 : 1 + rankOf(model.timers[id]));
  return [...present(model)].sort((one, other) => rank(one) - rank(other) || one.joined_at - other.joined_at);
}

function rankOf(timer) {
  if (timer === undefined || timer.status === "stopped") return 3;
  if (timer.status === "paused") return 2;
  return timer.phase === "focus" ? 0 : 1;
}

/** What one line of the list shows. */
export function line(member, timer, now) {
  const time = timer && timer.status !== "stopped" ? face(remaining(timer, now)) : "";
  return { id: member.id, name: member.name, initials: initials(member.name), ...pursuit(timer, time) };
}

/** "3 here". */
export const here = (people) => `${people} here`;

/** "and 12 more", when a room has more people than are listed. */
export const more = (people, listed) => (people > listed ? `and ${people - listed} more` : null);
