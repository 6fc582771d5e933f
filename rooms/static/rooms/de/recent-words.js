/** What the list of recent rooms says, in German. */

export const LOCALE = "de";
export const JUST_NOW = "gerade eben";

export const titled = (code) => `Raum ${code}`;
export const RECENT = "Wo du zuletzt warst";
export const FORGET = "Vergessen";
export const forget = (title) => `${title} vergessen`;
export const FORGOTTEN = "Der Raum ist vergessen.";
