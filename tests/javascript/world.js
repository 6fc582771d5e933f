/** A browser for `LiveSocket`: its clock moves when the test says so, and its sockets do what the test says. */

export class World {
  time = 0;
  sockets = [];
  luck = 0.5;
  window = new EventTarget();
  document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  #timers = new Map();
  #count = 0;

  constructor() {
    const { sockets } = this;
    this.WebSocket = class FakeSocket {
      static OPEN = 1;
      readyState = 0;
      sent = [];

      constructor(url) {
        this.url = url;
        sockets.push(this);
      }

      send(text) {
        this.sent.push(JSON.parse(text));
      }

      close() {
        this.readyState = 3;
      }

      say(message) {
        this.readyState = 1;
        this.onmessage({ data: JSON.stringify(message) });
      }

      drop(code = 1006) {
        this.readyState = 3;
        this.onclose({ code });
      }
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  now = () => this.time;
  random = () => this.luck;
  setTimeout = (act, delay_ms) => {
    this.#timers.set((this.#count += 1), { at: this.time + delay_ms, act });
    return this.#count;
  };
  clearTimeout = (timer) => this.#timers.delete(timer);

  /** Lets time pass; everything due happens at its instant. */
  pass(ms) {
    const end = this.time + ms;
    for (let next; (next = this.#next()) !== undefined && next[1].at <= end; ) {
      this.#timers.delete(next[0]);
      this.time = Math.max(this.time, next[1].at);
      next[1].act();
    }
    this.time = end;
  }

  /** The machine sleeps: time passes and nothing happens in it. */
  sleep(ms) {
    this.time += ms;
  }

  /** The same, and what was due waits for as long after it as it would have without. */
  freeze(ms) {
    this.time += ms;
    for (const timer of this.#timers.values()) timer.at += ms;
  }

  happen(target, type, fields = {}) {
    this[target].dispatchEvent(Object.assign(new Event(type), fields));
  }

  #next() {
    return [...this.#timers].sort(([, one], [, other]) => one.at - other.at)[0];
  }
}
