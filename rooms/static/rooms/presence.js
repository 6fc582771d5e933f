/**
 * Whether somebody is at this tab: not once it has been hidden for a minute, nor when nobody has moved in it for ten
 * while no timer runs. Who is in a focus or on a break need not move; but who has left is back by moving only, and then
 * at once.
 */

const HIDDEN_MS = 60_000;
const STILL_MS = 600_000;
const MOVES = ["pointerdown", "pointermove", "keydown", "wheel", "focus"];

export class Presence {
  #tell;
  #isTimed;
  #world;
  #away = false;
  #wasTimed = false;
  #movedAt;
  #hiddenAt = null;
  #next = null;

  /** `tell(away)` is called at every change; `isTimed()` says whether a timer of theirs runs. */
  constructor(tell, isTimed, world = browser) {
    this.#tell = tell;
    this.#isTimed = isTimed;
    this.#world = world;
    this.#movedAt = world.now();
  }

  start() {
    const { window, document } = this.#world;
    for (const type of MOVES) window.addEventListener(type, () => this.#move(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#turn());
    this.#turn();
  }

  /** Says it again: a connection begins with somebody who is there. */
  repeat() {
    if (this.#away) this.#tell(true);
  }

  /** To be called when a timer may have started or ended. */
  look() {
    const now = this.#world.now();
    const isTimed = !this.#away && this.#isTimed();
    if (isTimed || this.#wasTimed) this.#movedAt = now;
    this.#wasTimed = isTimed;
    const left_ms = this.#leavesAt(isTimed) - now;
    this.#become(left_ms <= 0);
    this.#world.clearTimeout(this.#next);
    if (left_ms > 0 && left_ms < Infinity) this.#next = this.#world.setTimeout(() => this.look(), left_ms);
  }

  #leavesAt(isTimed) {
    const hidden = this.#hiddenAt === null ? Infinity : this.#hiddenAt + HIDDEN_MS;
    return Math.min(hidden, isTimed ? Infinity : this.#movedAt + STILL_MS);
  }

  #turn() {
    const isHidden = this.#world.document.visibilityState === "hidden";
    if (!isHidden) this.#movedAt = this.#world.now();
    this.#hiddenAt = isHidden ? (this.#hiddenAt ?? this.#world.now()) : null;
    this.look();
  }

  /** Moves come often, and change nothing but when nobody was there. */
  #move() {
    this.#movedAt = this.#world.now();
    if (this.#away) this.look();
  }

  #become(away) {
    if (away === this.#away) return;
    this.#away = away;
    this.#tell(away);
  }
}

const browser = {
  now: () => Date.now(),
  setTimeout: (act, delay_ms) => setTimeout(act, delay_ms),
  clearTimeout: (timer) => clearTimeout(timer),
  get window() {
    return globalThis.window;
  },
  get document() {
    return globalThis.document;
  },
};
