/** What people are called who have said their name, and who have not. Pure. */

import { nameless } from "#timers/words";

const DEFAULT = new RegExp(`^(${nameless("\\d+")})?$`);

/** Whether this is what somebody is called who has not said their name. */
export const isDefaultName = (name) => DEFAULT.test(name);

/** As much of a name as fits into the dial. */
export function firstName(name) {
  if (isDefaultName(name)) return name;
  const [first] = name.split(" ");
  const letters = [...first];
  return letters.length > 12 ? `${letters.slice(0, 11).join("")}…` : first;
}
