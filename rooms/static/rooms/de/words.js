/** What the page of a room says, in German: see en/words.js for what each of it is for. */

import { length } from "#timers/words";

const MINUTE_MS = 60_000;

export const titled = (code) => `Raum ${code}`;

export const PREFIXES = { shared: "Gemeinsamer Timer: ", own: "Dein Timer: " };

// Names

export function list(names) {
  if (names.length === 1) return names[0];
  if (names.length === 2) return `${names[0]} und ${names[1]}`;
  return `${names[0]}, ${names[1]} und ${names.length - 2} weitere${names.length === 3 ? " Person" : ""}`;
}

export function comings(arrived, left) {
  const are = (names) => `${list(names)} ${names.length === 1 ? "ist" : "sind"}`;
  const sentences = [arrived.length && `${are(arrived)} dazugekommen.`, left.length && `${are(left)} gegangen.`];
  return sentences.filter(Boolean).join(" ");
}

export const BY_YOU = "dir";

// The list of people

export const PEOPLE = "Leute";
export const ALONE = "Noch bist du hier allein. Teile diesen Link:";

export const here = (people, away) => `${people - away} da${away > 0 ? `, ${away} abwesend` : ""}`;

export const more = (people, listed) => (people > listed ? `und ${people - listed} weitere` : null);

export const NOT_TIMING = "Ohne Timer";
export const PAUSED = "Angehalten";
export const AWAY = "Abwesend";

export const pursuing = (phase, isShared) =>
  phase === "focus" ? (isShared ? "Gemeinsamer Fokus" : "Fokus") : isShared ? "Gemeinsame Pause" : "Pause";
export const sharedPaused = (phase) => `${pursuing(phase, true)} · angehalten`;
export const until = (phase, left_ms) => (phase === "focus" ? `frei in ${span(left_ms)}` : `noch ${span(left_ms)}`);

export const you = (tabs) => (tabs > 1 ? `Du und ${tabs} Tabs` : "Du");

function span(ms) {
  const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
  return minutes < 60 ? `${minutes} Min.` : `${Math.floor(minutes / 60)} Std. ${minutes % 60} Min.`;
}

export const NAMING = {
  label: "Dein Name",
  save: "Speichern",
  skip: "Später",
  cancel: "Abbrechen",
  change: "Deinen Namen ändern",
};

// Knocks

export const KNOCK = "Anklopfen";
export const knockAt = (name) => `Bei ${name} anklopfen`;

export const willHear = (time) => (time === null ? "hört dich bald" : `hört dich um ${time} Uhr`);
export const HEARD = "hat dich gehört";
export const sentence = (name, what) => `${name} ${what}.`;

export const knocked = (name, time) => `${name} hat ${time === null ? "" : `um ${time} Uhr `}angeklopft.`;
export const DISMISS = "OK";

// Coming in the middle

export const inTheMiddle = (left_ms, time) => `Noch ${length(left_ms)}: Mach mit, oder warte auf die Pause um ${time} Uhr.`;

// Who controls the timer

export const NO_PAUSING = "Ein laufender Fokus wird nicht angehalten oder abgekürzt.";
export const CHANGE = "Ändern";
export const CHANGE_CONTROL = "Ändern, wer den Timer steuert";

export function controlled(isYou, others) {
  if (isYou && others.length === 0) return "Du steuerst den Timer.";
  const names = isYou ? ["Du", ...others] : others;
  const steer = isYou ? "steuert" : names.length === 1 ? "steuert" : "steuern";
  return `${list(names)} ${steer} den Timer.`;
}
export const EVERYONE = "Alle steuern den Timer.";
export const ABSENT = "Wer den Timer steuert, ist nicht da; so lange steuern ihn alle.";

export const changedControl = (name) => `${name} hat geändert, wer den Timer steuert.`;
export const YOU_CHANGED = "Du hast geändert, wer den Timer steuert.";
export const handedOver = (name) => `Du hast den Raum an ${name} übergeben.`;
export const TAKEN_BACK = "Du hast den Raum zurückgenommen.";
export const takenBack = (name) => `${name} hat den Raum zurückgenommen.`;
export const YOURS_NOW = "Der Raum gehört jetzt dir: Du legst fest, wer den Timer steuert.";

// The invitation

export const COPIED = ["Kopiert", "Link kopiert."];
export const NOT_COPIED = ["Nicht kopiert", "Der Link konnte nicht kopiert werden; er ist jetzt ausgewählt."];
