/** What the list of recent rooms says, in English. */

export const LOCALE = "en";
export const JUST_NOW = "just now";

export const titled = (code) => `Room ${code}`;
export const RECENT = "Where you were lately";
export const FORGET = "Forget";
export const forget = (title) => `Forget ${title}`;
export const FORGOTTEN = "The room is forgotten.";
