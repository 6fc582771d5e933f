/**
 * What a page knows of its topic, and what each message of the server makes of it. Pure: `receive` takes the model and
 * a message and returns the model after it, the news it brought, and whether something was missed on the way.
 *
 * Model: `v`, `you`, `room`, `people` (how many), `members` (you first), `settings` (who controls the shared timer), and
 * by id `timers` and `names`.
 */

import { nameless } from "#timers/words";
import { following } from "./timer.js";

/** The model of a `session:joined`, or of the snapshot in the page, which has the same fields. */
export function fromSnapshot(message, before = null) {
  const { v, room, people, settings } = message;
  const you = message.you && named(message.you);
  const members = message.members.map(named);
  const names = { ...before?.names, ...byId(members, (member) => member.name) };
  return { v, you, room, people, members, settings, names, timers: byId(message.timers, (timer) => timer) };
}

export function receive(model, message) {
  if (message.type === "session:joined") return catchUp(model, message);
  if (message.type === "timer:tick") return { model, news: [], missed: message.v > model.v };
  if (message.v === undefined || message.v <= model.v) return { model, news: [], missed: false };
  if (message.v > model.v + 1) return { model, news: [], missed: true };
  const change = changes[message.type] ?? ignore;
  const [after, ...news] = change({ ...model, v: message.v }, message);
  return { model: after, news, missed: false };
}

/** A snapshot tells of no change, but what it finds ended had an end that is worth telling. */
function catchUp(before, message) {
  const model = fromSnapshot(message, before);
  return { model, news: endsSince(Object.values(before.timers), model.timers, message.now_at), missed: false };
}

/** The news of the phases that timers were in once, and that have ended since. */
export function endsSince(once, timers, now) {
  return once
    .filter(({ id, ends_at }) => id in timers && ends_at !== null && ends_at <= now)
    .map((before) => ({ kind: "ended", before, after: timers[before.id] }))
    .filter(({ before, after }) => isLater(before, after));
}

/** Whether the phase of a timer has been left behind by what the timer is now. */
function isLater(before, after) {
  if (before.phase === "focus") return after.completed_focus > before.completed_focus;
  return after.phase === "focus" && after.round === following(before).round;
}

/** What a newer server says counts as a version all the same. */
const ignore = (model) => [model];

const changes = {
  "timer:state": (model, { timer, action, by, undone = null }) => [
    { ...model, timers: withTimer(model, timer, action) },
    { kind: "changed", v: model.v, action, by, undone, before: model.timers[timer.id], after: timer },
  ],
  "timer:completed": (model, { timer, completed_phase, at, completion }) => [
    model,
    { kind: "completed", timer, phase: completed_phase, at, completion },
  ],
  "session:user-joined": (model, { member }) => comeAndGo(model, [named(member)], []),
  "session:user-left": (model, { member }) => comeAndGo(model, [], [member]),
  "session:users": (model, { joined, left, updated }) =>
    comeAndGo(updated.map(named).reduce(withMember, model), joined.map(named), left),
  "session:user-updated": (model, { member }) => [withMember(model, named(member))],
  "session:knocked": (model, { member, by, at }) => [model, { kind: "knocked", v: model.v, member, by, at }],
  "room:configured": (model, { settings, by }) => [{ ...model, settings }, { kind: "configured", by, before: model.settings }],
};

function withMember(model, member) {
  return {
    ...model,
    you: member.id === model.you?.member ? { ...model.you, name: member.name } : model.you,
    members: model.members.map((other) => (other.id === member.id ? member : other)),
    names: { ...model.names, [member.id]: member.name },
  };
}

/** A timer that expired went away, except the two that are always there: the shared one and one's own. */
function withTimer(model, timer, action) {
  const others = timer.id !== "room" && timer.id !== "solo" && timer.id !== model.you?.member;
  if (action !== "expire" || !others) return { ...model.timers, [timer.id]: timer };
  const { [timer.id]: gone, ...rest } = model.timers;
  return rest;
}

function comeAndGo(model, joined, left) {
  const known = new Set(model.members.map((member) => member.id));
  const arrived = joined.filter((member) => !known.has(member.id));
  const members = [...model.members.filter((member) => !left.includes(member.id)), ...arrived];
  const names = { ...model.names, ...byId(joined, (member) => member.name) };
  const people = Math.max(members.length, model.people + arrived.length - left.length);
  return [
    { ...model, members, names, people },
    { kind: "people", arrived: arrived.map(({ id }) => id), left },
  ];
}

/** Who has not said their name is called by the server "User 5". */
const named = (person) => ({ ...person, name: person.name?.replace(/^User (\d+)$/, (_, number) => nameless(number)) });

function byId(items, value) {
  return Object.fromEntries(items.map((item) => [item.id, value(item)]));
}
