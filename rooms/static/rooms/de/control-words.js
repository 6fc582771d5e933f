/** What the sheet about a room says, in German. */

export const TITLE = "Dieser Raum";
export const CONTROL = "Wer den Timer steuert";
export const NAMED = "Nur ausgewählte Leute";
export const NAMED_HOW = "Alle anderen sehen den gemeinsamen Timer und haben ihren eigenen.";
export const CHOSEN = "Ausgewählte Leute";
export const MAKER = "Der Raum gehört dieser Person; sie ist immer dabei.";
export const PAUSING = "Anhalten erlauben";
export const PAUSING_HOW = "Sonst kann niemand einen laufenden Fokus anhalten, zurücksetzen oder abkürzen.";
export const NOBODYS = "Der Raum gehört niemandem: Alle können das hier ändern und ihn jemandem geben.";
export const HAND_OVER = "Übergeben";
export const HAND_OVER_TO = "Übergeben an";
export const HAND_OVER_HOW = "Diese Person legt dann fest, wer den Timer steuert, und du nicht mehr.";
export const ENTRY = "Wer hereinkommt";
export const PASSCODE = "Passwort";
export const OTHER_PASSCODE = "Neues Passwort";
export const SET = "Festlegen";
export const REMOVE = "Entfernen";
export const PASSCODE_HOW = "Wer kommt oder wiederkommt, wird danach gefragt. Wer schon da ist, bleibt.";
export const LOCKED = "Das Passwort ist festgelegt.";
export const UNLOCKED = "Der Raum hat kein Passwort mehr.";
export const me = (name) => `${name} (du)`;
export const theirs = (name) => `Der Raum gehört ${name}. Diese Person legt fest, wer den Timer steuert.`;
