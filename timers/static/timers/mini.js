/** <tm-mini>: the page's first timer in a small window of its own that stays above the others. */

import { MAIN, skipTo } from "#timers/words";
import { colour, untilNextSecond } from "./countdown.js";
import { PRESS } from "./keys.js";
import { button, mainIcon, reading, ring, symbol } from "./tm-timer.js";
import { html, render } from "./vendor/lit-html.js";

const SIZE = { width: 320, height: 150 };

/** Opens the window, or closes it. */
export async function open(page) {
  const { documentPictureInPicture: pictures } = window;
  if (pictures.window) return pictures.window.close();
  const small = await pictures.requestWindow(SIZE);
  const mini = document.createElement("tm-mini");
  mini.page = page;
  furnish(small.document);
  small.document.body.append(mini);
  small.addEventListener("pagehide", () => mini.remove());
}

/** The look and the icons of this page. */
function furnish(other) {
  other.title = "tomato";
  other.documentElement.lang = document.documentElement.lang;
  for (const sheet of document.querySelectorAll("link[rel=stylesheet]")) {
    other.head.append(Object.assign(other.createElement("link"), { rel: "stylesheet", href: sheet.href }));
  }
  other.body.append(other.importNode(document.querySelector(".sprite"), true));
}

class MiniElement extends HTMLElement {
  #unwatch = null;
  #next = null;

  connectedCallback() {
    this.#unwatch = this.page.watch(() => this.#show());
    this.#show();
  }

  disconnectedCallback() {
    this.#unwatch();
    this.#clock.clearTimeout(this.#next);
  }

  /** The small window is seen while the page is hidden, whose own clock a browser then slows. */
  get #clock() {
    return this.ownerDocument.defaultView ?? window;
  }

  #show() {
    const { session, first } = this.page;
    const timer = session.timer(first);
    const now = session.now();
    const { dataset } = this.ownerDocument.documentElement;
    dataset.phase = colour(timer.phase);
    dataset.theme = document.documentElement.dataset.theme ?? "system";
    render(template(timer, now, session.connection.waits, this.page), this);
    this.#clock.clearTimeout(this.#next);
    const wait_ms = untilNextSecond([timer], now);
    if (wait_ms !== null) this.#next = this.#clock.setTimeout(() => this.#show(), wait_ms);
  }
}

function template(timer, now, waits, page) {
  const type = PRESS[timer.status];
  const barred = page.barred(page.first)?.types ?? [];
  const reason = (type) => (waits || barred.includes(type) ? "reason" : null);
  const ask = (type) => () => page.ask({ type });
  return html`<div class="dial">${ring(timer, now)}</div>
    <div class="face">${reading({ timer }, now)}</div>
    <div class="row controls">
      ${button("main", "btn primary icon", MAIN[timer.status], mainIcon(timer), reason(type), ask(type))}
      ${button("skip", "btn icon", skipTo(timer), symbol("i-skip"), reason("timer:skip"), ask("timer:skip"))}
    </div>`;
}

customElements.define("tm-mini", MiniElement);
