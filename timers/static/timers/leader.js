/**
 * Which one of the tabs that show the same timers sounds. A tab claims only once its browser lets it sound, and the
 * first to claim leads until it is closed or frozen. Where there are no locks (a site without HTTPS), the tab that was
 * used last leads.
 */

export class Leader {
  leads = false;
  #name;
  #onchange;
  #world;
  #release = null;

  constructor(name, onchange, world = window) {
    this.#name = name;
    this.#onchange = onchange;
    this.#world = world;
  }

  claim() {
    if (this.#release !== null) return;
    if (this.#world.navigator.locks) this.#waitForLock();
    else this.#takeWord();
  }

  /** Whether some tab leads already. */
  async isTaken() {
    const { locks } = this.#world.navigator;
    return this.leads || (locks ? (await locks.query()).held.some(({ name }) => name === this.#name) : false);
  }

  #waitForLock() {
    const gone = new Promise((release) => (this.#release = release));
    this.#world.document.addEventListener("freeze", () => this.#resign(), { once: true });
    this.#world.navigator.locks.request(this.#name, () => {
      this.#lead(true);
      return gone;
    });
  }

  #resign() {
    this.#release();
    this.#release = null;
    this.#lead(false);
  }

  #takeWord() {
    const { localStorage, document } = this.#world;
    const mine = String(Math.random());
    const speak = () => {
      localStorage.setItem(this.#name, mine);
      this.#lead(true);
    };
    this.#release = () => {};
    this.#world.addEventListener("storage", ({ key, newValue }) => key === this.#name && this.#lead(newValue === mine));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && speak());
    speak();
  }

  #lead(leads) {
    this.leads = leads;
    this.#onchange();
  }
}
