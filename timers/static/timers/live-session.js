/**
 * One page's view of its topic: the socket, the server's clock, what is known and what has been asked for, in one
 * place. It knows no element; the page gives it five functions.
 *
 * `onchange()`: something shown may be different now. `onnews(news)`: what happened, with `mine` for this tab's own
 * deeds, and of the kind `nothing` where such a deed changed nothing. `oncomplaint(about, sentence)`: a command came to
 * nothing. `onjoined()`: the model is what the server has just said in full. `onanother(member)`: it has said it to
 * somebody else, for this browser has another cookie since the room's page was made; nothing of that was learned.
 *
 * One's own timer goes on without the server: see `absence.js`, which is loaded when that may be needed.
 */

import { inStep, refused, SOMEONE, tooLate } from "#timers/words";
import { look } from "./connection.js";
import { LiveSocket, socketUrl } from "./live-socket.js";
import { Outbox, PATIENCE_MS } from "./outbox.js";
import { ServerClock } from "./server-clock.js";
import { fromSnapshot, receive } from "./session.js";
import { actionOf, predict } from "./timer.js";

const BEAT_MS = 1_000;
const OVERDUE_MS = 3_000;
const SHOWS_NOTHING = ["pong", "timer:tick"];

export class LiveSession {
  onchange = () => {};
  onnews = () => {};
  oncomplaint = () => {};
  onjoined = () => {};
  onanother = () => {};

  #model;
  #clock = new ServerClock();
  #socket;
  #outbox;
  #lostAt = Date.now();
  #wasOnline = false;
  #asleep = false;
  #arrived = -Infinity;
  #syncing = false;
  #beat = null;
  #absence = null;
  #coming = false;

  constructor(path, snapshot, socket = new LiveSocket(socketUrl(path))) {
    this.#model = fromSnapshot(snapshot);
    this.#clock.hear(snapshot.now_at, Date.now());
    this.#socket = socket;
    this.#outbox = new Outbox((message) => this.#socket.send(message));
    this.#socket.onmessage = (message) => this.#receive(message);
    this.#socket.onstate = (status) => this.#moved(status);
  }

  start() {
    this.#socket.start();
    this.#beat = setInterval(() => this.#onbeat(), BEAT_MS);
  }

  stop() {
    clearInterval(this.#beat);
    this.#socket.stop();
  }

  retry() {
    this.#socket.retry();
  }

  /** Compares the clocks anew. */
  measure() {
    this.#socket.ping();
  }

  /** Gets ready to go on without the server; a room does not. */
  async prepare() {
    if (!this.#isSolo || this.#coming) return;
    this.#coming = true;
    const fetched = await import("./absence.js").catch(() => null);
    this.#coming = fetched !== null;
    if (fetched === null) return; // Then the buttons wait.
    this.#absence = new fetched.Absence({
      outbox: this.#outbox,
      model: () => this.#model,
      now: () => this.now(),
      isOnline: () => this.#lostAt === null,
      onnews: (news) => this.onnews(news),
      onchange: () => this.onchange(),
    });
  }

  /** The instant on the server's clock. */
  now() {
    return this.#clock.at(Date.now());
  }

  get model() {
    return this.#model;
  }

  get connection() {
    const offline = globalThis.navigator?.onLine === false;
    const [keeps, room] = [this.#absence !== null, !this.#isSolo];
    const situation = { lostAt: this.#lostAt, before: this.#wasOnline, offline, keeps, room };
    return { ...look(this.#socket.status, situation, Date.now()), step: this.#clock.uncertainty && inStep(this.#clock.uncertainty) };
  }

  /** Milliseconds by which the clock of this device is ahead of the server's. */
  get ahead() {
    return -this.#clock.offset;
  }

  /** A timer as it will be once the server has answered what is on its way. */
  timer(id) {
    if (this.#absence?.plays) return this.#absence.timer();
    return this.#outbox.entries
      .filter((entry) => entry.about.timer === id && !entry.told)
      .reduce((timer, { message, about }) => predict(timer, message, about.at), this.#model.timers[id]);
  }

  name(member) {
    return this.#model.names[member] ?? SOMEONE;
  }

  /**
   * Gives a command to a timer; the answer shows at once. Returns what it is expected to do. `lapses_at` keeps a frame
   * that waits in a buffer from counting after this page has said that it was dropped.
   */
  command(id, message) {
    const before = this.timer(id);
    const action = actionOf(message, before);
    const at = this.now();
    const whose = this.#isSolo ? {} : { timer: id === "room" ? "room" : "me" };
    this.prepare();
    if (this.#absence?.keeps) this.#absence.keep(message, { timer: id, action, at });
    else this.#post({ ...message, ...whose, lapses_at: Math.floor(at) + PATIENCE_MS }, { timer: id, action, at });
    return { action, before, after: this.timer(id) };
  }

  /** Asks for something that is no timer's; a complaint about it carries the message as `asked`. */
  ask(message) {
    this.#post(message, { timer: null, asked: message });
  }

  /** Says what needs no answer, if there is anybody to hear it. */
  tell(message) {
    this.#socket.send(message);
  }

  #post(message, about) {
    this.#outbox.post(message, about, Date.now());
    this.onchange();
  }

  #receive(message) {
    if (this.#isForAnother(message)) return this.onanother(message.you.member);
    const { uncertainty } = this.#clock;
    const doubtful = message.now_at !== undefined && this.#listen(message);
    if (doubtful) this.#socket.ping();
    if (message.type === "ack") this.#acknowledge(message);
    else if (message.type === "error") this.#complain(message);
    else this.#learn(message);
    this.#outbox.settle(this.#model.v);
    if (!SHOWS_NOTHING.includes(message.type) || this.#clock.uncertainty !== uncertainty) this.onchange();
  }

  #isForAnother({ type, you }) {
    return type === "session:joined" && !this.#isSolo && you.member !== this.#model.you.member;
  }

  #listen(message) {
    const now = Date.now();
    if (message.type !== "pong") return this.#clock.hear(message.now_at, now);
    this.#clock.answer(message.now_at, message.t, now);
    this.#arrived = message.t;
    return false;
  }

  #learn(message) {
    const before = this.#model;
    const { model, news, missed } = receive(before, message);
    this.#model = model;
    if (message.type === "session:joined") this.#caughtUp(before);
    if (missed && !this.#syncing) this.#syncing = this.#socket.send({ type: "session:sync" });
    for (const item of news) if (!this.#absence?.hasTold(item)) this.onnews({ ...item, mine: this.#isMine(item) });
    if (message.type === "session:joined") this.onjoined();
  }

  #acknowledge(message) {
    const entry = this.#outbox.acknowledge(message);
    if (entry?.lasts) this.#absence.answered(entry, message);
    else if (entry !== undefined && !message.changed) this.onnews({ kind: "nothing", ...entry.about });
  }

  /** A snapshot holds everything that was acknowledged before it. */
  #caughtUp(before) {
    this.#syncing = false;
    this.#outbox.settle(Infinity);
    this.#absence?.come(before);
  }

  /** Whether a change is the answer to a command of this very tab, whose answer may have come before or is to come. */
  #isMine({ kind, v, action, by, after }) {
    if (kind !== "changed" || by !== this.#model.you?.member) return false;
    const entry = this.#outbox.entries.find(
      ({ about, told, ...entry }) =>
        about.timer === after.id && !told && (entry.v === null ? about.action === action : entry.v === v),
    );
    if (entry !== undefined) entry.told = true;
    return entry !== undefined;
  }

  /** What lapsed at once may have been dated by a wrong clock, hence the ping. */
  #complain({ id, code }) {
    if (code === "unavailable") this.#socket.ping();
    if (this.#absence?.puts({ id, code })) return;
    const entry = this.#outbox.refuse(id);
    if (entry?.lasts) this.#absence.answered(entry, {});
    this.oncomplaint(entry?.about ?? null, refused(code));
  }

  #moved(status) {
    const online = status.state === "online";
    if (online) this.#lostAt = null;
    else if (this.#lostAt === null || this.#asleep) this.#lostAt = Date.now();
    this.#asleep = status.state === "asleep";
    if (online) this.#cameOnline();
    else this.#absence?.leave();
    if (status.state === "waiting") this.prepare();
    this.onchange();
  }

  #cameOnline() {
    const back = this.#wasOnline;
    this.#wasOnline = true;
    this.#syncing = false;
    this.#socket.ping();
    if (back) this.onnews({ kind: "back" });
    this.#giveUp(this.#outbox.sendAgain(Date.now()));
  }

  #onbeat() {
    const now = Date.now();
    if (this.#ticks) this.#socket.doubtSilence();
    if (this.#outbox.waiting.some((entry) => this.#isOverdue(entry, now))) this.#socket.doubt();
    const stale = this.#outbox.expire(now);
    const unheard = this.#outbox.kept.filter(({ sent }) => sent !== null && now - sent >= PATIENCE_MS);
    if ([...stale, ...unheard].some((entry) => this.#isOverdue(entry, now))) this.#socket.giveUp();
    this.#giveUp(stale);
    this.#absence?.beat();
    if (this.#lostAt !== null) this.onchange();
  }

  get #isSolo() {
    return this.#model.room === null;
  }

  /** Whether the server has something to say every second. */
  get #ticks() {
    return Object.values(this.#model.timers).some(({ status }) => status === "running");
  }

  /** Whether a command was sent some time ago, and nothing that was sent after it is known to have arrived. */
  #isOverdue({ sent }, now) {
    return sent !== null && sent >= this.#arrived && now - sent >= OVERDUE_MS;
  }

  #giveUp(stale) {
    for (const entry of stale) this.oncomplaint(entry.about, tooLate(PATIENCE_MS / 1_000));
    if (stale.length > 0) this.onchange();
  }
}
