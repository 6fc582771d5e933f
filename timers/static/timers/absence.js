/**
 * One's own timer while the server cannot be asked. It goes on by the server's rules; the commands it is given are kept,
 * in the browser too, and handed over one after another on return, each with the instant it was given. Loaded when it is
 * first needed.
 */

import { overruling } from "#timers/later-words";
import { Deeds } from "./deeds.js";
import { predict } from "./timer.js";

const UNDO_DEPTH = 10;
const SETTLING_MS = 3_000;
const NEWS_FOR_MS = 5_000;
const TRANSIENT = ["unavailable", "rate-limited"];

/**
 * A timer after commands and time: `{timer, past, future, ends}`. `deeds` are `{message, about: {at}}`; `past` and
 * `future` are the states that undo and redo go to, `ends` the phases that ended, `{before, after}`. Pure.
 */
export function play(timer, deeds, now) {
  let course = { timer, past: [], future: [], ends: [] };
  for (const { message, about } of deeds) course = obey(pass(course, about.at), message, about.at);
  return pass(course, now);
}

function obey(course, message, at) {
  const { timer, past, future } = course;
  switch (message.type) {
    case "timer:undo":
      return past.length === 0 ? course : { ...course, timer: past[0], past: past.slice(1), future: [timer, ...future] };
    case "timer:redo":
      return future.length === 0 ? course : { ...course, timer: future[0], past: [timer, ...past], future: future.slice(1) };
    default: {
      const after = predict(timer, message, at);
      const changed = JSON.stringify(after) !== JSON.stringify(timer);
      return changed ? { ...course, timer: after, past: [timer, ...past].slice(0, UNDO_DEPTH), future: [] } : course;
    }
  }
}

/** Every phase that is over by then has ended, each at its own instant; that cannot be undone. */
function pass(course, now) {
  const ends = [...course.ends];
  let { timer, past, future } = course;
  while (timer.ends_at !== null && timer.ends_at <= now) {
    const before = timer;
    const counted = before.phase === "focus" ? 1 : 0;
    timer = { ...predict(before, { type: "timer:skip" }, before.ends_at), completed_focus: before.completed_focus + counted };
    [past, future] = [[], []];
    ends.push({ before, after: timer });
  }
  return { timer, past, future, ends };
}

export class Absence {
  #desk;
  #deeds;
  #away;
  #settlesBy = 0;
  #told = new Set();
  #overruled = 0;

  /** `desk` is what it shares with the session: `outbox`, `model()`, `now()`, `isOnline()`, `onnews(news)`, `onchange()`. */
  constructor(desk, deeds = new Deeds()) {
    this.#desk = desk;
    this.#deeds = deeds;
    this.#away = !desk.isOnline();
    deeds.listen(() => this.#recall());
    this.#recall();
    if (this.#away) this.leave();
  }

  /** Whether a command is to be kept rather than given: also while earlier ones have not been handed over yet. */
  get keeps() {
    return this.#away || this.#desk.outbox.kept.length > 0;
  }

  /** Whether what the server said last is to be played on: until it has had the time to say what follows from it. */
  get plays() {
    return this.keeps || Date.now() < this.#settlesBy;
  }

  timer() {
    return this.#course().timer;
  }

  keep(message, about) {
    const { outbox, onnews, onchange } = this.#desk;
    const { past, future } = this.#course();
    const isIdle = { undo: past.length === 0, redo: future.length === 0 }[about.action];
    if (isIdle) return onnews({ kind: "nothing", ...about });
    const at = this.#instant();
    this.#store(outbox.keep({ ...message, at }, { ...about, at }, Date.now()));
    this.#handOverNext();
    onchange();
  }

  /** The connection is lost: whatever was on its way may have to be said again. */
  leave() {
    this.#away = true;
    for (const entry of this.#desk.outbox.keepAll()) {
      const at = Math.floor(entry.about.at);
      const { lapses_at, ...message } = entry.message;
      Object.assign(entry, { message: { ...message, at }, about: { ...entry.about, at } });
      this.#store(entry);
    }
  }

  /**
   * The connection is back, and `before` is what was known without it. Where the timer has changed meanwhile, only the
   * server can say what becomes of each command; what another tab has handed over is done.
   */
  come(before) {
    const { outbox, model } = this.#desk;
    const { you, timers } = model();
    const isStranger = before.you !== null && before.you.member !== you.member;
    const stored = this.#deeds.ids();
    this.#away = false;
    for (const { id, about } of outbox.kept) {
      if (isStranger || stored?.has(id) === false) this.#drop(id);
      else if (timers.solo.v !== before.timers.solo.v) about.doubtful = true;
    }
    this.#handOverNext();
  }

  /** A kept command was answered by an `ack` or a lasting `error`. */
  answered({ id, about }, { overruled = false }) {
    const { outbox, onnews } = this.#desk;
    this.#deeds.drop(id);
    if (overruled) this.#overruled += 1;
    if (outbox.kept.length > 0) return this.#handOverNext();
    this.#settlesBy = Date.now() + SETTLING_MS;
    if (this.#overruled > 0) onnews({ kind: "remark", timer: about.timer, sentence: overruling(this.#overruled) });
    this.#overruled = 0;
  }

  /** Whether an `error` only means: not now. */
  puts({ id, code }) {
    const entry = this.#desk.outbox.kept.find((kept) => kept.id === id);
    if (entry === undefined || !TRANSIENT.includes(code)) return false;
    entry.sent = null;
    return true;
  }

  /** Once a second. */
  beat() {
    this.#handOverNext();
    if (this.plays) this.#tellEnds();
  }

  /** Whether the server tells of an end that this page has told by itself. */
  hasTold({ kind, action, at, before }) {
    if (kind === "completed") return this.#told.has(at);
    return (kind === "ended" || action === "complete") && this.#told.has(before?.ends_at);
  }

  #course() {
    const { outbox, model, now } = this.#desk;
    const deeds = outbox.entries.filter(({ about, told }) => !told && !about.doubtful);
    return play(model().timers.solo, deeds.sort((one, other) => one.about.at - other.about.at), now());
  }

  /** Now, and not before what is known to have happened, whatever the clock of this device says. */
  #instant() {
    const { outbox, model, now } = this.#desk;
    const { started_at, paused_at } = model().timers.solo;
    return Math.max(Math.floor(now()), started_at, paused_at, outbox.kept.at(-1)?.about.at ?? 0);
  }

  /** Of several ends only the last is worth telling. */
  #tellEnds() {
    const { now, onnews } = this.#desk;
    const ends = this.#course().ends.filter(({ before }) => !this.#told.has(before.ends_at));
    for (const { before } of ends) this.#told.add(before.ends_at);
    if (ends.length === 0) return;
    const { before, after } = ends.at(-1);
    const { id, phase, ends_at: at } = before;
    if (now() - at > NEWS_FOR_MS) return onnews({ kind: "ended", before, after });
    onnews({ kind: "completed", timer: id, phase, at, completion: `${id} ${at}` });
    onnews({ kind: "changed", v: null, action: "complete", by: null, before, after, mine: false });
  }

  #handOverNext() {
    if (!this.#away) this.#desk.outbox.proceed(Date.now());
  }

  #store(entry) {
    const { you, timers } = this.#desk.model();
    this.#deeds.add(entry, you?.member, timers.solo.v);
  }

  /** What was kept before this page was loaded, or is being kept by another tab. */
  #recall() {
    const { outbox, model, onchange } = this.#desk;
    const { you, timers } = model();
    const known = new Set(outbox.entries.map(({ id }) => id));
    for (const { id, message, about, v } of this.#deeds.of(you?.member)) {
      if (!known.has(id)) outbox.keep(message, { ...about, doubtful: v !== timers.solo.v }, Date.now(), id);
    }
    this.#handOverNext();
    onchange();
  }

  #drop(id) {
    this.#desk.outbox.refuse(id);
    this.#deeds.drop(id);
  }
}
