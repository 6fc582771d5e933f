/**
 * Which sounds are due when, and what they are made of. Pure: it knows timers and an instant on the server's clock, and
 * no audio. A sound is a few soft strikes: `[in_s, hertz, loudness, fades_s]` with an octave above each.
 */

import { remaining } from "./countdown.js";

const WARNING_MS = 60_000;

export const STRIKES = {
  focus: [[0, 784, 0.5, 2.2], [0.32, 523, 0.5, 2.8]],
  break: [[0, 523, 0.5, 2.2], [0.32, 784, 0.5, 2.8]],
  warning: [[0, 659, 0.2, 1.2]],
  knock: [[0, 392, 0.25, 0.3], [0.16, 392, 0.25, 0.4]],
};

/** Which strikes end a phase. */
export const endOf = (phase) => (phase === "focus" ? "focus" : "break");

/** What is to sound for timers that run: `{id, kind, in_ms}`, with `warns` also a minute before an end. */
export function due(timers, now, warns) {
  return timers
    .filter((timer) => timer.ends_at !== null && timer.ends_at > now)
    .flatMap((timer) => {
      const end = { id: timer.id, kind: endOf(timer.phase), in_ms: remaining(timer, now) };
      const hasWarning = warns && end.in_ms > WARNING_MS;
      return hasWarning ? [end, { id: timer.id, kind: "warning", in_ms: end.in_ms - WARNING_MS }] : [end];
    });
}

const TOLERANCE_S = 0.1;
const FADES_WITHIN_S = 4;

/**
 * What has to change where `planned` sounds (`{id, kind, at_s}`, on the audio clock, which says `now_s`) are to become
 * the `due` ones: those to drop, to keep and to add. What sounds already, or `rings` rightly, is left to fade.
 */
export function difference(planned, due, now_s) {
  const wanted = due.map(({ id, kind, in_ms }) => ({ id, kind, at_s: now_s + in_ms / 1_000 }));
  const same = (one) => (other) =>
    one.id === other.id && one.kind === other.kind && Math.abs(one.at_s - other.at_s) < TOLERANCE_S;
  const drop = planned.filter((sound) => sound.at_s > now_s && !sound.rings && !wanted.some(same(sound)));
  return {
    drop,
    keep: planned.filter((sound) => sound.at_s > now_s - FADES_WITHIN_S && !drop.includes(sound)),
    add: wanted.filter((sound) => !planned.some(same(sound))),
  };
}
