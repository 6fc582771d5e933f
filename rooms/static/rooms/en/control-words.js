/** What the sheet about a room says, in English. Apart from the other words, for a page that never opens it does without them. */

export const TITLE = "This room";
export const CONTROL = "Who controls the timer";
export const NAMED = "Only chosen people";
export const NAMED_HOW = "Everybody else sees the shared timer and has their own.";
export const CHOSEN = "Chosen people";
export const MAKER = "Whose room it is; always among them.";
export const PAUSING = "Pausing";
export const PAUSING_HOW = "Without it nobody pauses a running focus, resets it or cuts it short.";
export const NOBODYS = "The room is nobody’s: everybody may change this, and give it to somebody.";
export const HAND_OVER = "Hand over";
export const HAND_OVER_TO = "Hand the room over to";
export const HAND_OVER_HOW = "They then say who controls the timer, and you no longer do.";
export const ENTRY = "Who gets in";
export const PASSCODE = "Passcode";
export const OTHER_PASSCODE = "Another passcode";
export const SET = "Set";
export const REMOVE = "Remove";
export const PASSCODE_HOW = "Whoever comes, or comes back, is asked for it. Those inside stay.";
export const LOCKED = "The passcode is set.";
export const UNLOCKED = "The room has no passcode any more.";
export const me = (name) => `${name} (you)`;
export const theirs = (name) => `The room is ${name}’s, who says who controls its timer.`;
