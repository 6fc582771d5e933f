/** The page of a room: the shared timer, one's own, and the people. */

import { Page } from "../timers/page.js";
import { OwnName } from "./own-name.js";
import "./tm-people.js";

const COPIED_FOR_MS = 2_000;

class RoomPage extends Page {
  #people = document.querySelector("tm-people");
  #ownName = new OwnName();
  #trouble = null;

  constructor(main) {
    const { code, name, member } = main.dataset;
    const [shared, own] = main.querySelectorAll("tm-timer");
    const places = {
      room: { element: shared, prefix: "Shared timer: " },
      [member]: { element: own, prefix: "Your timer: " },
    };
    super(`/ws/room/${code}`, places, () => name || `Room ${code}`);
    this.#people.addEventListener("rename", ({ detail }) => this.#rename(detail.name));
    this.session.onjoined = () => this.#introduce();
    for (const button of main.querySelectorAll("[data-copy]")) offerCopy(button, this.announcer);
  }

  show() {
    super.show();
    this.#people.state = {
      model: this.session.model,
      timer: (id) => this.session.timer(id),
      now: () => this.session.now(),
      waits: this.session.connection.waits,
      note: this.#trouble,
    };
  }

  hear(news) {
    if (news.kind === "back") this.#trouble = null;
    super.hear(news);
  }

  complain(id, sentence) {
    if (id !== null) return super.complain(id, sentence);
    this.#trouble = sentence;
    this.announcer.say(sentence);
    this.show();
  }

  #rename(name) {
    this.#trouble = null;
    this.#ownName.remember(name);
    this.session.rename(name);
  }

  #introduce() {
    const name = this.#ownName.offer(this.session.model.you.name);
    if (name !== null) this.session.rename(name);
  }
}

/** A button that copies the link in its `data-copy`, and for a moment says that it did. */
function offerCopy(button, announcer) {
  const word = button.querySelector("span");
  const before = word.textContent;
  button.addEventListener("click", async () => {
    const copied = await copy(button.dataset.copy);
    word.textContent = copied ? "Copied" : "Not copied";
    announcer.say(copied ? "Link copied." : "The link could not be copied; it is the address of this page.");
    setTimeout(() => (word.textContent = before), COPIED_FOR_MS);
  });
}

/** The clipboard is there on secure pages only; a room served over plain HTTP at home is none. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

function copySelected(text) {
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "sr" });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

new RoomPage(document.querySelector("main")).start();
