/** What both peers share: rooms that tick once a second in slots, as tomato's do, and messages of the same bytes as tomato's. */

const SLOTS = 40;
const SLOT_MS = 25;
const SECOND_MS = 1000;
const V = 1001;

/** The room a client asks for in its address. */
export function roomIn(url) {
  return new URL(url, "ws://peer").searchParams.get("room");
}

/** Calls `say(room, tick)` once a second for every room that was started. The rooms are dealt evenly to the slots of a second. */
export class Ticker {
  #slots = Array.from({ length: SLOTS }, () => []);
  #started = new Set();
  #say;

  constructor(say) {
    this.#say = say;
  }

  start(room) {
    if (this.#started.has(room)) return;
    const slot = this.#started.size % SLOTS;
    if (this.#slots[slot].push(room) === 1) this.#wait(slot, nextSecond() + slot * SLOT_MS);
    this.#started.add(room);
  }

  #wait(slot, due) {
    setTimeout(() => {
      const tick = { type: "timer:tick", v: V, now_at: Date.now(), remaining_ms: { room: 1497000 } };
      for (const room of this.#slots[slot]) this.#say(room, tick);
      this.#wait(slot, due + SECOND_MS);
    }, due - Date.now());
  }
}

function nextSecond() {
  return Math.ceil(Date.now() / SECOND_MS) * SECOND_MS;
}

/** What everybody in a room is told of a command. */
export function state() {
  const now_at = Date.now();
  const timer = {
    id: "room",
    status: "running",
    phase: "focus",
    duration_ms: 1560000,
    remaining_ms: 1499000,
    ends_at: now_at + 1499000,
    started_at: now_at - 61000,
    paused_at: null,
    round: 1,
    completed_focus: 0,
    settings: {
      focus_ms: 1500000,
      short_break_ms: 300000,
      long_break_ms: 900000,
      rounds: 4,
      auto_start_breaks: true,
      auto_start_focus: false,
    },
    v: V,
  };
  return { type: "timer:state", v: V, now_at, timer, action: "add", by: "5f1c0d9ab2e34c77" };
}

export function ack(id) {
  return { type: "ack", id, v: V, changed: true };
}

/** Says where it listens, and collects its garbage when asked, so that memory is compared fairly. */
export function open(http) {
  process.on("SIGUSR2", () => globalThis.gc());
  http.listen(0, "127.0.0.1", 4096, () => console.log(http.address().port));
}
