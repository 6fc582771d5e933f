/** What this browser keeps, as JSON under a name; nothing where a browser forbids its storage. */

export const DEEDS = "tomato.deeds";
export const TIMER = "tomato.timer";
export const ROOM = "tomato.room";

/** `storage` is a function because a browser may forbid even to look at its storage. */
export function recall(name, storage = () => localStorage) {
  try {
    return JSON.parse(storage().getItem(name));
  } catch {
    return null;
  }
}

/** Says whether it is kept. What is null is removed. */
export function keep(name, value, storage = () => localStorage) {
  try {
    if (value === null) storage().removeItem(name);
    else storage().setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
