/**
 * One page's view of its topic: the socket, the server's clock, what is known and what has been asked for, in one
 * place. It knows no element; the page gives it four functions.
 *
 * `onchange()`: something shown may be different now. `onnews(news)`: what happened, with `mine` for this tab's own
 * deeds. `oncomplaint(about, sentence)`: a command came to nothing. `onjoined()`: the model is what the server has just
 * said in full.
 */

import { look } from "./connection.js";
import { LiveSocket, socketUrl } from "./live-socket.js";
import { Outbox, PATIENCE_MS } from "./outbox.js";
import { ServerClock } from "./server-clock.js";
import { fromSnapshot, receive } from "./session.js";
import { actionOf, predict } from "./timer.js";

const BEAT_MS = 1_000;
const OVERDUE_MS = 3_000;
const SHOWS_NOTHING = ["pong", "timer:tick"];
const TOO_LATE =
  `The server did not answer within ${PATIENCE_MS / 1_000} seconds, so this was dropped. Please try again.`;

export class LiveSession {
  onchange = () => {};
  onnews = () => {};
  oncomplaint = () => {};
  onjoined = () => {};

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

  /** The instant on the server's clock. */
  now() {
    return this.#clock.at(Date.now());
  }

  get model() {
    return this.#model;
  }

  get connection() {
    return look(this.#socket.status, this.#lostAt, this.#wasOnline, Date.now());
  }

  /** A timer as it will be once the server has answered what is on its way. */
  timer(id) {
    return this.#outbox.entries
      .filter((entry) => entry.about.timer === id && !entry.told)
      .reduce((timer, { message, about }) => predict(timer, message, about.at), this.#model.timers[id]);
  }

  name(member) {
    return this.#model.names[member] ?? "Someone";
  }

  /**
   * Gives a command to a timer; the answer shows at once. Returns what it is expected to do. `lapses_at` keeps a frame
   * that waits in a buffer from counting after this page has said that it was dropped.
   */
  command(id, message) {
    const timer = this.timer(id);
    const action = actionOf(message, timer);
    const at = this.now();
    const whose = this.#model.room === null ? {} : { timer: id === "room" ? "room" : "me" };
    this.#post({ ...message, ...whose, lapses_at: Math.floor(at) + PATIENCE_MS }, { timer: id, action, at });
    return { action, before: timer, after: this.timer(id) };
  }

  rename(name) {
    this.#post({ type: "session:rename", name }, { timer: null, action: "rename", at: this.now() });
  }

  #post(message, about) {
    this.#outbox.post(message, about, Date.now());
    this.onchange();
  }

  #receive(message) {
    const doubtful = message.now_at !== undefined && this.#listen(message);
    if (doubtful) this.#socket.ping();
    if (message.type === "ack") this.#outbox.acknowledge(message);
    else if (message.type === "error") this.#complain(message);
    else this.#learn(message);
    this.#outbox.settle(this.#model.v);
    if (!SHOWS_NOTHING.includes(message.type)) this.onchange();
  }

  #listen(message) {
    const now = Date.now();
    if (message.type !== "pong") return this.#clock.hear(message.now_at, now);
    this.#clock.answer(message.now_at, message.t, now);
    this.#arrived = message.t;
    return false;
  }

  #learn(message) {
    const { model, news, missed } = receive(this.#model, message);
    this.#model = model;
    if (message.type === "session:joined") this.#caughtUp();
    if (missed && !this.#syncing) this.#syncing = this.#socket.send({ type: "session:sync" });
    for (const item of news) this.onnews({ ...item, mine: this.#isMine(item) });
    if (message.type === "session:joined") this.onjoined();
  }

  /** A snapshot holds everything that was acknowledged before it. */
  #caughtUp() {
    this.#syncing = false;
    this.#outbox.settle(Infinity);
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
  #complain({ id, code, message }) {
    if (code === "unavailable") this.#socket.ping();
    const entry = this.#outbox.refuse(id);
    this.oncomplaint(entry?.about ?? null, message);
  }

  #moved(status) {
    const online = status.state === "online";
    if (online) this.#lostAt = null;
    else if (this.#lostAt === null || this.#asleep) this.#lostAt = Date.now();
    this.#asleep = status.state === "asleep";
    if (online) this.#cameOnline();
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
    if (stale.some((entry) => this.#isOverdue(entry, now))) this.#socket.giveUp();
    this.#giveUp(stale);
    if (this.#lostAt !== null) this.onchange();
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
    for (const entry of stale) this.oncomplaint(entry.about, TOO_LATE);
    if (stale.length > 0) this.onchange();
  }
}
