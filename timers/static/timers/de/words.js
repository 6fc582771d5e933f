/** What the page says, in German: see en/words.js for what each of it is for. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

// Time

export function length(ms) {
  if (ms < MINUTE_MS) return count(Math.ceil(ms / SECOND_MS), "Sekunde", "Sekunden");
  const minutes = Math.ceil(ms / MINUTE_MS);
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return [h && count(h, "Stunde", "Stunden"), m && count(m, "Minute", "Minuten")].filter(Boolean).join(" ");
}

export function spoken(ms) {
  if (ms <= 0) return "Die Zeit ist um";
  if (ms < MINUTE_MS) return "Noch weniger als eine Minute";
  return `Noch ${length(ms)}`;
}

export const left = (ms) => `Noch ${length(ms)}.`;

// People

export const YOU = "Du";
export const SOMEONE = "Jemand";

export const nameless = (number) => `Gast ${number}`;

// The timer

export const PHASES = { focus: "Fokus", short_break: "Kurze Pause", long_break: "Lange Pause" };
export const PHASE = "Phase";

const TO = { focus: "zum Fokus", short_break: "zur kurzen Pause", long_break: "zur langen Pause" };
const ON = { focus: "auf Fokus", short_break: "auf kurze Pause", long_break: "auf lange Pause" };
const kind = ({ phase }) => (phase === "focus" ? "Fokus" : "Pause");

export function ends(timer, timeOfDay, now, starter = null) {
  if (timer.status === "stopped") return "Bereit";
  if (timer.status === "paused") return "Angehalten";
  if (timer.ends_at <= now) return `Endete um ${timeOfDay}\u00a0Uhr`;
  return starter ? `Gestartet von ${starter},\nbis ${timeOfDay}\u00a0Uhr` : `Endet um ${timeOfDay}\u00a0Uhr`;
}

export const round = (round, rounds) => `Runde ${round} von ${rounds}`;

export const MAIN = { stopped: "Start", running: "Anhalten", paused: "Weiter" };
export const forAll = (word) => `${word} für alle`;
export const RESET = "Zurücksetzen";
export const skipTo = ({ phase }) => (phase === "focus" ? "Zur Pause springen" : "Zum Fokus springen");
export const more = (minutes) => `+${minutes} Min.`;

export function deed(who, { action, before, after, undone, whose }, elsewhere = false) {
  const what = DEEDS[action]?.(after, after.duration_ms - before.duration_ms, act(undone, whose)) ?? "den Timer geändert";
  return `${who === null ? "Du hast" : `${who} hat`}${elsewhere ? " in einem anderen Tab" : ""} ${what}`;
}

const DEEDS = {
  start: () => "den Timer gestartet",
  pause: () => "den Timer angehalten",
  resume: () => "den Timer fortgesetzt",
  reset: () => "den Timer zurückgesetzt",
  skip: ({ phase }) => `${TO[phase]} gewechselt`,
  phase: ({ phase }) => `den Timer ${ON[phase]} gestellt`,
  add: (_, ms) => (ms < 0 ? `${length(-ms)} abgezogen` : `${length(ms)} hinzugefügt`),
  configure: () => "die Einstellungen des Timers geändert",
  undo: (timer, ms, what) => `${what ?? "die letzte Änderung"} rückgängig gemacht`,
  redo: (timer, ms, what) => `${what ?? "die letzte Änderung"} wiederholt`,
};

const act = (undone, whose = ["das", ""]) => (undone?.action in ACTS ? whose.join(ACTS[undone.action]) : null);
const ACTS = {
  start: " Starten",
  pause: " Anhalten",
  resume: " Fortsetzen",
  reset: " Zurücksetzen",
  skip: " Überspringen",
  phase: " Wechseln der Phase",
  add: " Ändern der Zeit",
  configure: " Ändern der Einstellungen",
};

/** What stands before and behind the deed: "dein Anhalten", "das Anhalten von Ana". */
export const owned = (name, isYours, isTheirs) =>
  isYours ? ["dein", ""] : isTheirs ? ["das eigene", ""] : ["das", ` von ${name}`];

export const OFFERS = {
  undo: "Rückgängig",
  redo: "Wiederholen",
  start: (timer) => `${kind(timer)} starten`,
  skip: "Überspringen",
  notify: "Nächstes Mal benachrichtigen",
  quiet: "Nein",
};

export const NOTHING = { undo: "Es gibt nichts rückgängig zu machen.", redo: "Es gibt nichts zu wiederholen." };

export function done(action, timer, left_ms) {
  const said = { start: "Gestartet", resume: "Fortgesetzt", pause: "Angehalten", reset: "Zurückgesetzt", add: "Hinzugefügt" }[action];
  if (action === "configure") return "Einstellungen des Timers geändert";
  return `${said ?? PHASES[timer.phase]}, ${action === "start" || action === "reset" ? "" : "noch "}${length(left_ms)}`;
}

export function ended(phase, timeOfDay, timer, now) {
  const since_ms = timer.status === "running" ? now - timer.started_at : 0;
  const since = since_ms >= MINUTE_MS ? `, ${kind(timer)} seit ${Math.floor(since_ms / MINUTE_MS)} Min` : "";
  return `${PHASES[phase]} endete um ${timeOfDay} Uhr${since}.`;
}

export const timeFor = ({ phase }) => `● Zeit für ${phase === "focus" ? "Fokus" : "eine Pause"}`;

export const finished = (phase, next) => `${over(phase)} ${comes(next)}`;
export const over = (phase) => `${PHASES[phase]} beendet.`;
export const comes = ({ phase, duration_ms }) => `${PHASES[phase]}, ${length(duration_ms)}.`;

// The connection

export const PILLS = { refused: "Nicht verbunden", offline: "Offline", connecting: "Verbindet", reconnecting: "Verbindet neu", live: "Live" };
export const REASON = "Die Knöpfe warten auf den Server.";
export const BACK = "Wieder online.";
export const RETRY = "Jetzt versuchen";

const meanwhile = (works, isRoom) =>
  isRoom ? "Die Timer stimmen weiterhin" : works ? "Dein Timer funktioniert" : "Dein Timer stimmt weiterhin";

export function offline(works, isRoom, shown) {
  const since = shown === null ? "" : ` Du siehst den Stand von ${shown} Uhr.`;
  return `Offline. ${meanwhile(works, isRoom)}; ${isRoom ? "der Raum" : "der Server"} holt das nach.${since}`;
}

export function lost(since, works, isRoom, tries, next_s) {
  const what = since === null ? "Der Server antwortet nicht." : `Verbindung um ${since} Uhr verloren.`;
  const next = next_s === null ? "" : `, der nächste in ${next_s} s`;
  return `${what} ${meanwhile(works, isRoom)}; wir verbinden neu (${tries}. Versuch${next}).`;
}

export const inStep = (uncertainty_ms) => `Synchron ± ${uncertainty_ms} ms`;

// What went wrong

export const refused = (code) => REFUSED[code] ?? "Der Server hat das nicht verstanden. Vielleicht hilft es, die Seite neu zu laden.";
const REFUSED = {
  forbidden: "Das geht in diesem Raum gerade nicht; es wurde nichts geändert.",
  unavailable: "Der Server konnte das nicht rechtzeitig tun, deshalb wurde nichts geändert. Versuch es noch einmal.",
  "rate-limited": "Das war zu viel auf einmal. Warte einen Moment und versuch es dann noch einmal.",
};

export const tooLate = (patience_s) =>
  `Der Server hat ${patience_s} Sekunden lang nicht geantwortet, deshalb wurde das verworfen. Versuch es noch einmal.`;

export const NOT_LOADED = "Das konnte nicht vom Server geladen werden. Versuch es gleich noch einmal.";

// Sound

export const SOUND = { name: "Ton", silenced: "Tippen für Ton", on: "Ton an.", off: "Ton aus." };
