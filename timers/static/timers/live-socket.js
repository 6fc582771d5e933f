/**
 * A WebSocket that stays: it comes back with a random delay, notices silence, and wakes with the tab. It knows nothing
 * of what is said, except that any message is a sign of life and that `ping` is answered.
 *
 * States, told through `onstate` as `{state, ...}`: `connecting`, `online` (the first message is there), `waiting`
 * (`retry_at`, local milliseconds), `asleep` (the page is frozen), `refused` (`code`; it does not try again by itself).
 */

const FIRST_DELAY_MS = 100;
const STEP_MS = 500;
const CAP_VISIBLE_MS = 30_000;
const CAP_HIDDEN_MS = 60_000;
const DEPLOY_WINDOW_MS = 5_000;
const STEADY_MS = 5_000;
const OPEN_LIMIT_MS = 8_000;
const QUIET_MS = 25_000;
const ANSWER_LIMIT_MS = 8_000;
const WAKE_CONNECTING_MS = 3_000;
const DOUBTFUL_QUIET_MS = 4_000;
const DOUBT_LIMIT_MS = 2_500;
const WAKE_LIMIT_MS = 1_500;
const JUMP_CHECK_MS = 1_000;
const JUMP_MS = 15_000;

const GOING_AWAY = [1001, 1012];
const REFUSALS = [1008, 4401, 4403, 4404, 4429];

export class LiveSocket {
  onmessage = () => {};
  onstate = () => {};

  #url;
  #world;
  #socket = null;
  #generation = 0;
  #status = { state: "asleep" };
  #tries = 0;
  #since = 0;
  #heard = 0;
  #timers = {};
  #listening = null;

  /** `world` is what it needs of the browser; tests bring their own. */
  constructor(url, world = browser) {
    this.#url = url;
    this.#world = world;
  }

  get status() {
    return { ...this.#status, tries: this.#tries };
  }

  start() {
    this.#listen();
    this.#connect();
  }

  stop() {
    this.#listening?.abort();
    this.#clear("jump");
    this.#sleep();
  }

  /** Connects at once, as when somebody presses "Retry now". */
  retry() {
    this.#tries = 0;
    this.#connect();
  }

  /** Sends when online; says whether it did. */
  send(message) {
    if (this.#status.state !== "online" || this.#socket.readyState !== this.#world.WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * Asks for a sign of life, unless one is due sooner. The answer also tells the server's time. One that was due while
   * the machine slept is no longer waited for.
   */
  ping(limit_ms = ANSWER_LIMIT_MS, without = () => this.#lost()) {
    const now = this.#world.now();
    const due = this.#timers.answer?.at;
    if (now <= due && due <= now + limit_ms) return;
    if (this.send({ type: "ping", t: now })) this.#after("answer", limit_ms, without);
  }

  /** Asks for a sign of life with little patience: something that was expected did not come. */
  doubt() {
    this.ping(DOUBT_LIMIT_MS);
  }

  /** The same where messages should come all the time, if none came for a while. */
  doubtSilence() {
    if (this.#isSilent) this.doubt();
  }

  get #isSilent() {
    return this.#world.now() - this.#heard > DOUBTFUL_QUIET_MS;
  }

  /** Takes a socket that looks open for lost. */
  giveUp() {
    if (this.#status.state === "online") this.#lost();
  }

  #connect() {
    this.#abandon();
    const generation = this.#generation;
    const socket = new this.#world.WebSocket(this.#url);
    const ifCurrent = (react) => (event) => generation === this.#generation && react(event);
    socket.onmessage = ifCurrent((event) => this.#receive(event.data));
    socket.onclose = ifCurrent((event) => this.#closed(event.code));
    this.#socket = socket;
    this.#enter("connecting");
    this.#after("open", OPEN_LIMIT_MS, () => this.#lost());
  }

  #receive(text) {
    this.#heard = this.#world.now();
    this.#clear("open", "answer");
    if (this.#status.state === "connecting") {
      this.#enter("online");
      this.#after("steady", STEADY_MS, () => (this.#tries = 0));
    }
    this.#after("quiet", QUIET_MS, () => this.ping());
    this.onmessage(JSON.parse(text));
  }

  #closed(code) {
    this.#abandon();
    if (REFUSALS.includes(code)) this.#enter("refused", { code });
    else this.#wait(GOING_AWAY.includes(code) && this.#tries === 0 ? DEPLOY_WINDOW_MS : 0);
  }

  #lost() {
    this.#abandon();
    this.#wait();
  }

  #wait(window_ms = 0) {
    const cap_ms = this.#world.document.visibilityState === "hidden" ? CAP_HIDDEN_MS : CAP_VISIBLE_MS;
    const spread_ms = Math.max(window_ms, Math.min(cap_ms, STEP_MS * 2 ** this.#tries));
    const delay_ms = Math.round(FIRST_DELAY_MS + this.#world.random() * spread_ms);
    this.#tries += 1;
    this.#enter("waiting", { retry_at: this.#world.now() + delay_ms });
    this.#after("retry", delay_ms, () => this.#connect());
  }

  /** Turns away from the present socket without waiting for its farewell. */
  #abandon() {
    this.#generation += 1;
    this.#clear("open", "answer", "steady", "quiet", "retry");
    this.#socket?.close();
    this.#socket = null;
  }

  #sleep() {
    this.#abandon();
    this.#enter("asleep");
  }

  /** Somebody may be looking: a socket that does not answer soon is replaced at once. */
  #wake() {
    const { state } = this.#status;
    const now = this.#world.now();
    if (state === "waiting" || state === "asleep") this.retry();
    else if (state === "connecting" && now - this.#since > WAKE_CONNECTING_MS) this.retry();
    else if (state === "online" && this.#isSilent) this.ping(WAKE_LIMIT_MS, () => this.retry());
  }

  #listen() {
    this.#listening = new AbortController();
    const { window, document } = this.#world;
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.#listening.signal });
    on(document, "visibilitychange", () => document.visibilityState === "visible" && this.#wake());
    on(document, "resume", () => this.#wake());
    on(document, "freeze", () => this.#sleep());
    on(window, "pageshow", (event) => event.persisted && this.#wake());
    on(window, "pagehide", (event) => event.persisted && this.#sleep());
    on(window, "online", () => this.#wake());
    on(window, "offline", () => this.doubt());
    on(window, "focus", () => this.#wake());
    this.#watchForJumps(this.#world.now());
  }

  /** A machine that slept may tell nobody; its clock does. */
  #watchForJumps(before) {
    this.#after("jump", JUMP_CHECK_MS, () => {
      const now = this.#world.now();
      if (now - before > JUMP_MS) this.#wake();
      this.#watchForJumps(now);
    });
  }

  #enter(state, details = {}) {
    this.#since = this.#world.now();
    this.#status = { state, ...details };
    this.onstate(this.status);
  }

  #after(name, delay_ms, act) {
    this.#clear(name);
    this.#timers[name] = { at: this.#world.now() + delay_ms, timer: this.#world.setTimeout(act, delay_ms) };
  }

  #clear(...names) {
    for (const name of names) {
      this.#world.clearTimeout(this.#timers[name]?.timer);
      delete this.#timers[name];
    }
  }
}

const browser = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (act, delay_ms) => setTimeout(act, delay_ms),
  clearTimeout: (timer) => clearTimeout(timer),
  get WebSocket() {
    return globalThis.WebSocket;
  },
  get window() {
    return globalThis.window;
  },
  get document() {
    return globalThis.document;
  },
};

/** The address of a socket of this site. */
export function socketUrl(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}
