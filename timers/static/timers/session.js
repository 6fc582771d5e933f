/**
 * What a page knows of its topic, and what each message of the server makes of it. Pure: `receive` takes the model and
 * a message and returns the model after it, the news it brought, and whether something was missed on the way.
 *
 * Model: `v`, `you`, `room`, `people` (how many), `members` (you first), and by id `timers`, `names` and `starters`
 * (who started a timer, as far as this page has seen it).
 */

/** The model of a `session:joined`, or of the snapshot in the page, which has the same fields. */
export function fromSnapshot(message, before = null) {
  const { v, you, room, people, members } = message;
  const names = { ...before?.names, ...byId(members, (member) => member.name) };
  const timers = byId(message.timers, (timer) => timer);
  return { v, you, room, people, members, names, timers, starters: stillRight(timers, before) };
}

export function receive(model, message) {
  if (message.type === "session:joined") return { model: fromSnapshot(message, model), news: [], missed: false };
  if (message.type === "timer:tick") return { model, news: [], missed: message.v > model.v };
  const change = changes[message.type];
  if (change === undefined || message.v <= model.v) return { model, news: [], missed: false };
  if (message.v > model.v + 1) return { model, news: [], missed: true };
  const [after, ...news] = change({ ...model, v: message.v }, message);
  return { model: after, news, missed: false };
}

const changes = {
  "timer:state": (model, { timer, action, by }) => [
    { ...model, timers: withTimer(model, timer, action), starters: withStarter(model, timer, action, by) },
    { kind: "changed", v: model.v, action, by, before: model.timers[timer.id], after: timer },
  ],
  "timer:completed": (model, { timer, completed_phase, at, completion }) => [
    model,
    { kind: "completed", timer, phase: completed_phase, at, completion },
  ],
  "session:user-joined": (model, { member }) => comeAndGo(model, [member], []),
  "session:user-left": (model, { member }) => comeAndGo(model, [], [member]),
  "session:users": (model, { joined, left }) => comeAndGo(model, joined, left),
  "session:user-updated": (model, { member }) => [
    {
      ...model,
      you: member.id === model.you?.member ? { ...model.you, name: member.name } : model.you,
      members: model.members.map((other) => (other.id === member.id ? member : other)),
      names: { ...model.names, [member.id]: member.name },
    },
  ],
};

/** A timer that expired went away, except the two that are always there: the shared one and one's own. */
function withTimer(model, timer, action) {
  const others = timer.id !== "room" && timer.id !== "solo" && timer.id !== model.you?.member;
  if (action !== "expire" || !others) return { ...model.timers, [timer.id]: timer };
  const { [timer.id]: gone, ...rest } = model.timers;
  return rest;
}

/** Who started a timer stays known through a pause, and is nobody when a phase began by itself. */
function withStarter(model, timer, action, by) {
  if (action === "start" || action === "resume") return { ...model.starters, [timer.id]: by };
  const same = timer.started_at !== null && timer.started_at === model.timers[timer.id]?.started_at;
  return same ? model.starters : { ...model.starters, [timer.id]: null };
}

function stillRight(timers, before) {
  const same = (id) => timers[id]?.started_at && timers[id].started_at === before?.timers[id]?.started_at;
  return Object.fromEntries(Object.entries(before?.starters ?? {}).filter(([id]) => same(id)));
}

function comeAndGo(model, joined, left) {
  const known = new Set(model.members.map((member) => member.id));
  const arrived = joined.filter((member) => !known.has(member.id));
  const members = [...model.members.filter((member) => !left.includes(member.id)), ...arrived];
  const names = { ...model.names, ...byId(joined, (member) => member.name) };
  const people = Math.max(members.length, model.people + arrived.length - left.length);
  return [
    { ...model, members, names, people },
    { kind: "people", arrived: arrived.map((member) => member.name), left: left.map((id) => names[id] ?? "Someone") },
  ];
}

function byId(items, value) {
  return Object.fromEntries(items.map((item) => [item.id, value(item)]));
}
