/**
 * Commands on their way: each has an id, is kept until the server has answered it, and is sent again after a
 * reconnect; the server applies an id once. None waits for longer than ten seconds, for a stale command surprises
 * others, but those that are `kept`: they say themselves when they were given. Knows no socket (`send` is given and says
 * whether it could) and no clock (`now` is local milliseconds).
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
   * Every command that the session does not show yet, oldest first: `{id, message, about, posted, sent, v, told,
   * lasts}`; `sent` is when it was last given to the connection, or null.
   */
  get entries() {
    return [...this.#entries.values()];
  }

  get waiting() {
    return this.entries.filter((entry) => entry.v === null);
  }

  /** Those of them that wait for as long as it takes, in the order in which they were given. */
  get kept() {
    return this.waiting.filter((entry) => entry.lasts).sort((one, other) => one.about.at - other.about.at);
  }

  /** Sends a command now or, if that is not possible, when the connection is back. `about` is the caller's own note. */
  post(message, about, now) {
    const entry = this.#add(this.#makeId(), message, about, now);
    this.#dispatch(entry, now);
    return entry;
  }

  /** Keeps a command until `proceed` sends it. */
  keep(message, about, now, id = this.#makeId()) {
    return Object.assign(this.#add(id, message, about, now), { lasts: true });
  }

  /** Keeps whatever waits, none of it on its way any longer. Those that were not kept before. */
  keepAll() {
    const others = this.waiting.filter((entry) => !entry.lasts);
    for (const entry of this.waiting) Object.assign(entry, { lasts: true, sent: null });
    return others;
  }

  /** Sends the first of the kept, unless it is on its way: each is answered before the next one goes. */
  proceed(now) {
    const [first] = this.kept;
    if (first?.sent === null) this.#dispatch(first, now);
  }

  sendAgain(now) {
    const stale = this.expire(now);
    for (const entry of this.waiting) if (!entry.lasts) this.#dispatch(entry, now);
    return stale;
  }

  #add(id, message, about, now) {
    const entry = { id, message: { ...message, id }, about, posted: now, sent: null, v: null, told: false, lasts: false };
    this.#entries.set(id, entry);
    return entry;
  }

  #dispatch(entry, now) {
    entry.sent = this.#send(entry.message) ? now : null;
  }

  /**
   * An `ack` came: the entry stays, unless nothing changed, until the session has reached the version it names. The
   * entry it answers, if it is one of ours.
   */
  acknowledge({ id, v, changed }) {
    const entry = this.#entries.get(id);
    if (entry !== undefined && changed) entry.v = v;
    if (!changed) this.#entries.delete(id);
    return entry;
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
    const stale = this.waiting.filter((entry) => !entry.lasts && now - entry.posted >= PATIENCE_MS);
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
