/**
 * What the pages have in common: how a session's timers, connection and news reach the elements, the title and the
 * screen reader. A page names its timers and adds what is its own.
 */

import { Announcer } from "./announcer.js";
import { face, length, milestone, remaining, timeOfDay } from "./countdown.js";
import { LiveSession } from "./live-session.js";
import { colour, deed, done, finished, PHASES, taken } from "./words.js";
import "./tm-connection.js";
import "./tm-timer.js";

const UNDO_FOR_MS = 5_000;

export class Page {
  session;
  announcer = new Announcer(document.getElementById("announcements"));

  #places;
  #notes = {};
  #undoing = {};
  #complaints = new Set();
  #seen = {};
  #plainTitle = document.title;

  /**
   * `places`: for each timer id its `element` and the `prefix` with which it is spoken of. The first one colours the
   * page and stands in its title, under the name that `title(timer)` gives.
   */
  constructor(path, places, title = (timer) => PHASES[timer.phase]) {
    this.#places = places;
    this.titleOf = title;
    this.session = new LiveSession(path, JSON.parse(document.getElementById("snapshot").textContent));
    this.session.onchange = () => this.show();
    this.session.onnews = (news) => this.hear(news);
    this.session.oncomplaint = (about, sentence) => this.complain(about?.timer, sentence);
    document.querySelector("tm-connection").addEventListener("retry", () => this.session.retry());
    for (const [id, { element }] of Object.entries(places)) this.#attend(id, element);
  }

  start() {
    this.show();
    this.session.start();
  }

  show() {
    const { connection } = this.session;
    for (const [id, { element }] of Object.entries(this.#places)) element.state = this.#stateOf(id, connection);
    for (const element of document.querySelectorAll("tm-pill, tm-connection")) element.look = connection;
    document.getElementById("live").hidden = connection.refusal !== null;
    document.documentElement.dataset.phase = colour(this.session.timer(this.#first).phase);
  }

  hear(news) {
    if (news.kind === "back") this.#comeBack();
    if (news.kind === "people") this.announcer.people(news);
    if (news.kind === "changed" && news.after.id in this.#places) this.#tell(news);
  }

  /** A command came to nothing. That is told until the timer moves or the connection is back. */
  complain(about, sentence) {
    const id = about in this.#places ? about : this.#first;
    this.#note(id, sentence);
    this.#complaints.add(id);
    this.announcer.say(sentence);
  }

  #comeBack() {
    for (const id of this.#complaints) this.#note(id, null);
    this.announcer.say("Back online.");
  }

  get #first() {
    return Object.keys(this.#places)[0];
  }

  #stateOf(id, { waits }) {
    const { model } = this.session;
    const starter = id === "room" ? model.starters[id] : null;
    return {
      timer: this.session.timer(id),
      now: () => this.session.now(),
      waits,
      note: waits && !this.#complaints.has(id) ? null : this.#notes[id],
      undo: id in this.#undoing,
      starter: starter && (starter === model.you?.member ? "you" : this.session.name(starter)),
    };
  }

  #attend(id, element) {
    element.addEventListener("command", ({ detail }) => this.#command(id, detail));
    element.addEventListener("shown", ({ detail }) => this.#count(id, detail.left_ms));
  }

  #command(id, message) {
    const { action, before, after } = this.session.command(id, message);
    this.#say(id, done(action, after, remaining(after, this.session.now())));
    this.#note(id, null);
    const loss = taken(action, before, after);
    if (loss !== null) this.#offerUndo(id, loss);
  }

  /** For a moment; another change of the timer takes the offer back, for it would undo that one. */
  #offerUndo(id, loss) {
    this.#undoing[id] = setTimeout(() => this.#note(id, null), UNDO_FOR_MS);
    this.#notes[id] = loss;
    this.show();
  }

  /** Another person's deed, one's own in another tab, or the end of a phase. */
  #tell({ action, by, before, after, mine }) {
    const { id } = after;
    if (this.#complaints.has(id)) this.#note(id, null);
    if (mine || action === "expire") return;
    if (action === "complete") this.#tellOfEnd(id, before, after);
    else this.#tellOfDeed(id, by, action, after);
  }

  #tellOfDeed(id, by, action, after) {
    const who = by !== null && by === this.session.model.you?.member ? "You" : this.session.name(by);
    const sentence = deed(who, { action, after });
    this.#note(id, sentence);
    this.announcer.say(sentence);
  }

  #tellOfEnd(id, before, after) {
    this.#note(id, before.ends_at && `${PHASES[before.phase]} ended at ${timeOfDay(before.ends_at)}.`);
    this.#say(id, finished(before.phase, after));
  }

  #note(id, sentence) {
    clearTimeout(this.#undoing[id]);
    delete this.#undoing[id];
    this.#complaints.delete(id);
    this.#notes[id] = sentence;
    this.show();
  }

  #say(id, sentence) {
    this.announcer.say(this.#places[id].prefix + sentence);
  }

  /** A timer was shown with so much left: the title follows it, and milestones are spoken. */
  #count(id, left_ms) {
    const { ends_at, duration_ms } = this.session.timer(id);
    const before = this.#seen[id];
    const same = ends_at !== null && before?.ends_at === ends_at;
    const passed = same ? milestone(duration_ms, before.left_ms, left_ms) : null;
    if (passed !== null) this.#say(id, `${length(passed * 60_000)} left.`);
    this.#seen[id] = { ends_at, left_ms };
    if (id === this.#first) this.#entitle(this.session.timer(id), left_ms);
  }

  #entitle(timer, left_ms) {
    const counting = `${face(left_ms)} · ${this.titleOf(timer)} — tomato`;
    const title = timer.status === "stopped" ? this.#plainTitle : counting;
    if (document.title !== title) document.title = title;
  }
}
