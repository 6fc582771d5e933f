/**
 * The chime: sounds that are due are laid out on the audio clock beforehand, so that a throttled tab is not late. It is
 * given an AudioContext that was made in a press, and rests when nothing is due.
 */

import { difference, STRIKES } from "./sounds.js";

const PARTIALS = [[1, 1], [2, 0.35]];
const RISE_S = 0.012;
const SILENT = 0.0001;
const REST_AFTER_MS = 6_000;
const SOON_S = 2;

export class Chime {
  #context;
  #gain;
  #planned = [];
  #resting = null;

  /** `onchange` is told when the browser lets it sound, or no longer does. */
  constructor(context, onchange) {
    this.#context = context;
    this.#gain = context.createGain();
    this.#gain.connect(context.destination);
    context.addEventListener("statechange", onchange);
  }

  get sounds() {
    return this.#context.state === "running";
  }

  set volume(volume) {
    this.#gain.gain.value = volume;
  }

  /** Asks the browser for sound, in a press or after one. */
  wake() {
    clearTimeout(this.#resting);
    this.#resting = null;
    if (!this.sounds) this.#context.resume().catch(() => {}); // Not in a press, then: it will be asked again.
  }

  /** What is due from now on, as `due` of sounds.js has it, in place of what was. */
  plan(due) {
    if (due.length > 0) this.wake();
    else this.#resting ??= setTimeout(() => this.#context.suspend(), REST_AFTER_MS);
    if (!this.sounds) return;
    const { drop, keep, add } = difference(this.#planned, due, this.#context.currentTime);
    for (const { sources } of drop) for (const source of sources) source.stop();
    this.#planned = [...keep, ...add.map((sound) => ({ ...sound, sources: this.#layOut(sound.kind, sound.at_s) }))];
  }

  /** A phase of this timer has just ended: what was planned for that is right, even if clocks differ by a moment. */
  letRing(id) {
    const soon_s = this.#context.currentTime + SOON_S;
    for (const sound of this.#planned) if (sound.id === id && sound.at_s < soon_s) sound.rings = true;
  }

  test(volume) {
    this.volume = volume;
    this.wake();
    this.#layOut("focus", this.#context.currentTime);
    this.#resting = setTimeout(() => this.#planned.length === 0 && this.#context.suspend(), REST_AFTER_MS);
  }

  #layOut(kind, at_s) {
    return STRIKES[kind].flatMap(([in_s, hertz, loudness, fades_s]) =>
      PARTIALS.map(([times, part]) => this.#strike(at_s + in_s, hertz * times, loudness * part, fades_s / times)),
    );
  }

  #strike(at_s, hertz, loudness, fades_s) {
    const source = new OscillatorNode(this.#context, { type: "sine", frequency: hertz });
    const envelope = new GainNode(this.#context, { gain: SILENT });
    envelope.gain.setValueAtTime(SILENT, at_s);
    envelope.gain.linearRampToValueAtTime(loudness, at_s + RISE_S);
    envelope.gain.exponentialRampToValueAtTime(SILENT, at_s + fades_s);
    source.connect(envelope).connect(this.#gain);
    source.start(at_s);
    source.stop(at_s + fades_s);
    return source;
  }
}
