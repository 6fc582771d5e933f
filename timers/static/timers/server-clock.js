/**
 * What time it is on the server, judged from its messages. Knows no socket and no clock of its own: the local time
 * (`now`, epoch milliseconds) is an argument.
 *
 * An answered ping bounds the difference of the two clocks from both sides, the shortest round trip best. Any other
 * message bounds it from below only: it says that the server's clock is at least this much ahead.
 */

const SAMPLES_KEPT = 8;
const SLACK_MS = 250;
const DOUBT_MS = 2_000;

export class ServerClock {
  #samples = [];
  #atLeast = null;

  /** Milliseconds to add to the local time. */
  get offset() {
    return this.#best?.offset ?? this.#atLeast ?? 0;
  }

  /** By how many milliseconds the offset may be wrong at most; null before a ping was answered. */
  get uncertainty() {
    return this.#best === null ? null : Math.max(1, Math.ceil(this.#best.trip_ms / 2));
  }

  at(now) {
    return now + this.offset;
  }

  /** An answer to a ping that was sent at `sent` arrived at `now`. */
  answer(now_at, sent, now) {
    const sample = { trip_ms: now - sent, offset: now_at - (sent + now) / 2 };
    if (sample.trip_ms < 0) return;
    this.#samples = [...this.#samples.filter((other) => agree(sample, other)), sample].slice(-SAMPLES_KEPT);
  }

  /** Any other message that was sent at `now_at` arrived at `now`. True when the clocks should be compared anew. */
  hear(now_at, now) {
    const ahead = now_at - now;
    if (this.#atLeast === null || ahead > this.#atLeast) this.#atLeast = ahead;
    if (this.#samples.length === 0) return false;
    if (ahead > this.offset + SLACK_MS) this.#startAnew(ahead);
    return ahead < this.offset - DOUBT_MS;
  }

  get #best() {
    return this.#samples.reduce((best, sample) => (best?.trip_ms <= sample.trip_ms ? best : sample), null);
  }

  #startAnew(ahead) {
    this.#samples = [];
    this.#atLeast = ahead;
  }
}

/** Two samples of the same pair of clocks cannot differ by more than what was spent on the way. */
function agree(one, other) {
  return Math.abs(one.offset - other.offset) <= (one.trip_ms + other.trip_ms) / 2 + SLACK_MS;
}
