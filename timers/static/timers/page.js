/**
 * What the pages have in common: how a session's timers, connection and news reach the elements, the title and the
 * screen reader, and how presses and keys reach the session. A page names its timers and adds what is its own. What
 * only goes along with a running timer, `company.js`, is loaded with the first one.
 */

import { BACK, deed, done, ended, finished, left, NOTHING, OFFERS, owned, PHASES, timeFor } from "#timers/words";
import { Announcer } from "./announcer.js";
import { colour, face, favicon, milestone, remaining, timeOfDay } from "./countdown.js";
import { command, wish } from "./keys.js";
import { LiveSession } from "./live-session.js";
import { Notes } from "./notes.js";
import { Preferences } from "./preferences.js";
import { Tools } from "./tools.js";
import "./tm-connection.js";
import "./tm-timer.js";

const NEWS_FOR_MS = 5_000;
const ICON = document.querySelector("link[rel=icon]");

export class Page {
  session;
  preferences = new Preferences();
  announcer = new Announcer(document.getElementById("announcements"));
  audio = null;

  #places;
  #notes = new Notes(() => this.show(), () => document.querySelector(".note .offer:focus-visible") !== null);
  #tools = new Tools(this);
  #watchers = new Set();
  #upkeep = null;
  #company = null;
  #coming = null;
  #seen = {};
  #endedAt = null;
  #ends = {};
  #plainTitle = document.title;
  #plainIcon = ICON.href;

  /**
   * `places`: for each timer id its `element` and the `prefix` with which it is spoken of. The first one colours the
   * page, is steered by keys and stands in the title, under the name that `title(timer)` gives. `snapshot` makes what
   * is known at first of the one that was written into the page.
   */
  constructor(path, places, title = (timer) => PHASES[timer.phase], snapshot = (written) => written) {
    this.path = path;
    this.#places = places;
    this.titleOf = title;
    this.session = new LiveSession(path, snapshot(JSON.parse(document.getElementById("snapshot").textContent)));
    this.session.onchange = () => this.show();
    this.session.onnews = (news) => this.hear(news);
    this.session.oncomplaint = (about, sentence) => this.complain(about?.timer, sentence, about?.asked);
    const wire = document.querySelector("tm-connection");
    wire.addEventListener("retry", () => this.session.retry());
    wire.addEventListener("wrong", ({ detail }) => this.announcer.say(detail));
    for (const [id, { element }] of Object.entries(places)) this.#attend(id, element);
    addEventListener("keydown", (event) => this.#obeyKey(event));
    addEventListener("preferences", () => this.show());
  }

  start() {
    this.show();
    this.session.start();
  }

  show() {
    const { connection } = this.session;
    for (const [id, { element }] of Object.entries(this.#places)) element.state = this.#stateOf(id, connection);
    for (const element of document.querySelectorAll("tm-pill, tm-step, tm-connection")) element.look = connection;
    const live = document.getElementById("live");
    live.hidden = connection.refusal !== null;
    live.classList.toggle("stale", connection.away);
    document.documentElement.dataset.phase = colour(this.session.timer(this.first).phase);
    this.#tools.show();
    for (const show of this.#watchers) show();
    if (connection.live) this.#keepUp();
    if (!connection.waits && this.timers.some(({ status }) => status === "running")) this.company();
  }

  hear(news) {
    if (news.kind === "back") this.#comeBack();
    if (news.kind === "remark") this.remark(news.timer, news.sentence);
    if (news.kind === "nothing" && news.action in NOTHING) this.remark(news.timer, NOTHING[news.action]);
    if (news.kind === "changed" && news.after.id in this.#places) this.#tell(news);
    if (news.kind === "ended" && news.after.id in this.#places) this.#tellOfEnd(news);
    this.#company?.hear(news);
  }

  /** A command came to nothing. That is told until the timer moves, the connection is back, or a press has another reason. */
  complain(about, sentence) {
    this.#notes.write(about in this.#places ? about : this.first, sentence, { complaint: true });
    this.announcer.say(sentence);
  }

  /** Gives a command to one of this page's timers, as its buttons do. */
  command(id, message) {
    const { action, before, after } = this.session.command(id, message);
    this.unlock();
    if (action in NOTHING) return;
    const changed = JSON.stringify(after) !== JSON.stringify(before);
    if (!changed) return this.#notes.clear(id);
    this.#say(id, done(action, after, remaining(after, this.session.now())));
    this.#notes.write(id, deed(null, { action, before, after }), { offers: this.#offers(id, "undo"), passing: true });
  }

  /** The same to the first timer, unless commands wait. */
  ask(message) {
    this.#places[this.first].element.ask(message.type, message);
  }

  /** Calls `show` whenever something shown may be different, until what it returns is called. */
  watch(show) {
    this.#watchers.add(show);
    return () => this.#watchers.delete(show);
  }

  /** Sounds, notifications and the like; null while they cannot be fetched. */
  company() {
    this.#coming ??= import("./company.js").then(
      ({ Company }) => (this.#company = new Company(this)),
      () => (this.#coming = null),
    );
    return this.#coming;
  }

  /** The id of the timer that keys steer. */
  get first() {
    return Object.keys(this.#places)[0];
  }

  get timers() {
    return Object.keys(this.#places).map((id) => this.session.timer(id));
  }

  /** How a timer is spoken of: nothing, where there is but one. */
  prefix(id) {
    return this.#places[id].prefix;
  }

  /** A line below a timer until something happens to it, such as what an answer to an offer has brought. */
  remark(id, text, offers = []) {
    this.#notes.write(id, text, { offers, stays: true });
    this.announcer.say(typeof text === "function" ? text(this.session.now()) : text);
  }

  /** What stands below a timer has been read. */
  silence(id) {
    this.#notes.clear(id);
  }

  /** Which commands may not be given to a timer: their `types`, `why`, and the id of `where` that stands; or null. */
  barred(id) {
    return null;
  }

  /** Who started a timer, as its dial says it; null where that goes without saying. */
  starter(id) {
    return null;
  }

  /** Something that may be done about the page itself. */
  offer(text, name, word, take) {
    this.#notes.write(this.first, text, { offers: [{ name, word, take }], stays: true });
  }

  /** Something was done that is no timer's, and `undo()` takes it back. */
  offerUndo(text, undo) {
    const take = () => {
      this.#notes.clear(this.first);
      undo();
    };
    this.#notes.write(this.first, text, { offers: [{ name: "undo", word: OFFERS.undo, take }], passing: true });
    this.announcer.say(text);
  }

  /** The line of what may yet be undone, for a sheet that lies over it; null where there is none. */
  get undoable() {
    return this.session.connection.waits ? null : this.#notes.passing;
  }

  /** Browsers let a page sound only if it first asks for it in a press. */
  unlock() {
    if (this.preferences.values.sound && "AudioContext" in window) this.audio ??= new AudioContext();
  }

  /** Whether there is something to sound and the browser does not let it. */
  get silenced() {
    return this.#company?.silenced ?? false;
  }

  /** What is for another time is fetched when there is nothing else to do. */
  #keepUp() {
    this.#upkeep ??= import("./upkeep.js").then(
      ({ Upkeep }) => new Upkeep(this),
      () => null,
    );
  }

  #comeBack() {
    this.#notes.clearComplaints();
    this.announcer.say(BACK);
    this.#upkeep.then((upkeep) => upkeep?.look());
  }

  #stateOf(id, { waits }) {
    return {
      timer: this.session.timer(id),
      now: () => this.session.now(),
      waits,
      barred: this.barred(id),
      note: this.#notes.of(id, waits),
      starter: this.starter(id),
    };
  }

  #attend(id, element) {
    element.addEventListener("command", ({ detail }) => this.command(id, detail));
    element.addEventListener("refused", () => this.#notes.clearComplaints());
    element.addEventListener("shown", ({ detail }) => this.#count(id, detail.left_ms));
  }

  #obeyKey(event) {
    const wanted = document.querySelector("dialog[open]") ? null : wish(event, this.preferences.values.keys);
    if (wanted === null) return;
    event.preventDefault();
    const message = command(wanted, this.session.timer(this.first));
    if (message === null) this.#tools.use(wanted);
    else this.ask(message);
  }

  /** Another person's deed, one's own elsewhere, a change taken back, or the end of a phase. */
  #tell(news) {
    const { action, before, after, mine } = news;
    const { id } = after;
    this.#notes.clearComplaints([id]);
    if (action === "complete") return this.#tellOfEnd({ before, after });
    if (id === this.first) this.#endedAt = null;
    if (action !== "expire" && (!mine || action in NOTHING)) this.#tellOfDeed(id, news);
  }

  /** Whoever undoes may go further back at once. Where another did, "undo" would seem to mean that. */
  #tellOfDeed(id, { action, by, before, after, undone, mine }) {
    const you = this.session.model.you?.member;
    const isYou = by !== null && by === you;
    const whose = undone?.by && owned(this.session.name(undone.by), undone.by === you, undone.by === by);
    const sentence = deed(isYou ? null : this.session.name(by), { action, before, after, undone, whose }, isYou && !mine);
    const next = action !== "undo" ? ["undo"] : mine ? ["redo", "undo"] : ["redo"];
    this.#notes.write(id, sentence, { offers: next.flatMap((name) => this.#offers(id, name)), passing: mine });
    this.announcer.say(sentence);
  }

  /**
   * Who was not there is offered what to do next; who was, perhaps, to be told by the browser next time. The server and
   * this browser may both know of an end, which is told once.
   */
  #tellOfEnd({ kind, before, after }) {
    const { id } = after;
    if (before.ends_at === null) return this.#notes.clear(id);
    if (before.ends_at === this.#ends[id]) return;
    this.#ends[id] = before.ends_at;
    const wasAway = document.hidden || kind === "ended";
    const next = wasAway ? this.#offers(id, after.status === "stopped" ? "start" : "skip") : [];
    const offers = [...next, ...(this.#company?.offers(id, wasAway) ?? [])];
    const text = (now) => ended(before.phase, timeOfDay(before.ends_at), this.session.timer(id), now);
    if (id === this.first) this.#endedAt = Date.now();
    this.#notes.write(id, text, { offers, stays: true });
    this.#say(id, finished(before.phase, after));
  }

  #offers(id, name) {
    if (this.barred(id)?.types.includes(`timer:${name}`)) return [];
    const { element } = this.#places[id];
    const word = typeof OFFERS[name] === "string" ? OFFERS[name] : OFFERS[name](this.session.timer(id));
    return [{ name, word, take: () => element.ask(`timer:${name}`) }];
  }

  #say(id, sentence) {
    this.announcer.say(this.prefix(id) + sentence);
  }

  /** A timer was shown with so much left: title and icon follow it, and milestones are spoken. */
  #count(id, left_ms) {
    const timer = this.session.timer(id);
    const before = this.#seen[id];
    const same = timer.ends_at !== null && before?.ends_at === timer.ends_at;
    const passed = same ? milestone(timer.duration_ms, before.left_ms, left_ms) : null;
    if (passed !== null) this.#say(id, left(passed * 60_000));
    this.#seen[id] = { ends_at: timer.ends_at, left_ms };
    if (id === this.first) this.#sign(timer, left_ms);
  }

  /** What the tab shows of the timer. That a phase has ended stays there until somebody looks. */
  #sign(timer, left_ms) {
    if (!document.hidden && Date.now() - this.#endedAt > NEWS_FOR_MS) this.#endedAt = null;
    const counting = `${face(left_ms)} · ${this.titleOf(timer)} — tomato`;
    const still = timer.status === "stopped" ? this.#plainTitle : counting;
    const title = this.#endedAt === null ? still : `${timeFor(timer)} — tomato`;
    if (document.title !== title) document.title = title;
    const href = timer.status === "stopped" ? this.#plainIcon : new URL(favicon(timer, left_ms), import.meta.url).href;
    if (ICON.href !== href) ICON.href = href;
  }
}
