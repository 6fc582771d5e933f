/**
 * Who may do what with a room's shared timer, by the `settings` that the room has and who is there: its model is that of
 * session.js. Pure, and for show only: the server decides.
 */

import { ABSENT, controlled, EVERYONE, NO_PAUSING } from "#rooms/words";

const COMMANDS = ["start", "pause", "resume", "reset", "skip", "undo", "redo", "add", "phase", "configure"];
const SHORTENING = { focus: ["pause", "reset", "skip", "phase"], break: ["pause", "reset"] };

/** Without a maker a room is everybody's. */
export const mayConfigure = ({ maker }, you) => maker === null || maker === you;

const named = ({ maker, controllers }) => [...new Set([maker, ...controllers])].filter((member) => member !== null);

/** While none of those is here who are named, everybody may. */
const areGone = ({ settings, you, members }) =>
  !named(settings).some((member) => member === you.member || members.some(({ id }) => id === member));

const maySteer = (model) =>
  model.settings.control === "everyone" || named(model.settings).includes(model.you.member) || areGone(model);

/** What may not be done to the timer now, as Page.barred has it; `name(member)` is what they are called. */
export function restrictions(model, timer, name) {
  const [{ settings }, where] = [model, "control"];
  if (!maySteer(model)) return { types: typed(COMMANDS), why: whoControls(model, name), where };
  if (settings.pause_allowed || timer.status !== "running") return null;
  return { types: typed(SHORTENING[timer.phase === "focus" ? "focus" : "break"]), why: NO_PAUSING, where };
}

const typed = (commands) => commands.map((command) => `timer:${command}`);

/** The sentence below the timer: nothing where everybody may do everything and you may not change that. */
export function rules(model, name) {
  const { settings, you } = model;
  const isUsual = settings.control === "everyone" && settings.pause_allowed;
  if (isUsual && !mayConfigure(settings, you.member)) return "";
  const sentences = [whoControls(model, name), settings.pause_allowed ? "" : NO_PAUSING];
  return sentences.filter(Boolean).join(" ");
}

function whoControls(model, name) {
  const { settings, you } = model;
  if (settings.control === "everyone") return EVERYONE;
  if (areGone(model)) return ABSENT;
  const others = named(settings).filter((member) => member !== you.member);
  return controlled(named(settings).includes(you.member), others.map(name));
}
