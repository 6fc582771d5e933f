/**
 * Commands on their way: each has an id, is kept until the server has answered it, and is sent again after a
 * reconnect; the server applies an id once. None is kept for longer than ten seconds: a stale command surprises
 * others. Knows no socket (`send` is given and says whether it could) and no clock (`now` is local milliseconds).
 */

export const PATIENCE_MS = 10_000;

export class Outbox {
  #send;
  #makeId;
  #entries = new Map();

  constructor(send, makeId = uuid) {
    this.#send = send;
    this.#makeId = makeId;
  }

  /**
   * Every command that the session does not show yet, oldest first: `{id, message, about, posted, sent, v, told}`;
   * `sent` is when it was last given to the connection, or null.
   */
  get entries() {
    return [...this.#entries.values()];
  }

  get waiting() {
    return this.entries.filter((entry) => entry.v === null);
  }

  /** Sends a command now or, if that is not possible, when the connection is back. `about` is the caller's own note. */
  post(message, about, now) {
    const id = this.#makeId();
    const entry = { id, message: { ...message, id }, about, posted: now, sent: null, v: null, told: false };
    this.#entries.set(id, entry);
    this.#dispatch(entry, now);
    return entry;
  }

  sendAgain(now) {
    const stale = this.expire(now);
    for (const entry of this.waiting) this.#dispatch(entry, now);
    return stale;
  }

  #dispatch(entry, now) {
    entry.sent = this.#send(entry.message) ? now : null;
  }

  /** An `ack` came: the entry stays, unless nothing changed, until the session has reached the version it names. */
  acknowledge({ id, v, changed }) {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (changed) entry.v = v;
    else this.#entries.delete(id);
  }

  /** An `error` came. The entry it refuses, if it is one of ours. */
  refuse(id) {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry;
  }

  /** The session has reached version `v`: what it holds need not be predicted any longer. */
  settle(v) {
    for (const entry of this.entries) if (entry.v !== null && entry.v <= v) this.#entries.delete(entry.id);
  }

  /** Drops and returns what has waited too long. */
  expire(now) {
    const stale = this.waiting.filter((entry) => now - entry.posted >= PATIENCE_MS);
    for (const entry of stale) this.#entries.delete(entry.id);
    return stale;
  }
}

/** A random UUID. `crypto.randomUUID` exists on secure pages only, and a room may be served over plain HTTP at home. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
