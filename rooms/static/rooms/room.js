/** The page of a room: the shared timer, one's own, the people, and who controls what they share. */

import * as WORDS from "#rooms/words";
import { NOT_LOADED } from "#timers/words";
import { timeOfDay } from "../timers/countdown.js";
import { Page } from "../timers/page.js";
import { Comings } from "./comings.js";
import { mayConfigure, restrictions } from "./control.js";
import { offerInvitation } from "./invitation.js";
import { OwnName } from "./own-name.js";
import { Knocks } from "./knocks.js";
import { firstName } from "./names.js";
import { cameInTheMiddle, freeAt } from "./people.js";
import { Presence } from "./presence.js";
import { RecentRooms } from "./recent-rooms.js";
import "./tm-control.js";
import "./tm-knocks.js";
import "./tm-people.js";

const MINUTE_MS = 60_000;

class RoomPage extends Page {
  /** What went wrong last with the `people` and with `control`: sentences, or nothing. */
  trouble = {};
  #people = document.querySelector("tm-people");
  #control = document.querySelector("tm-control");
  #lock = document.querySelector("#invitation [data-act=lock]");
  #knocked = document.querySelector("tm-knocks");
  #knocks = new Knocks(() => this.show());
  #comings = new Comings(
    (sentence) => this.announcer.say(sentence),
    (member) => this.session.name(member),
  );
  #ownName = new OwnName();
  #recent = new RecentRooms();
  #presence = new Presence(
    (away) => this.session.tell({ type: "session:away", away }),
    () => this.timers.some(({ status }) => status === "running"),
  );
  #hasJoined = false;
  #isWelcome = false;

  constructor(main) {
    const { code, name, member } = main.dataset;
    const [shared, own] = main.querySelectorAll("tm-timer");
    const places = {
      room: { element: shared, prefix: WORDS.PREFIXES.shared },
      [member]: { element: own, prefix: WORDS.PREFIXES.own },
    };
    super(`/ws/room/${code}`, places, () => name || WORDS.titled(code));
    this.#attendPeople();
    this.#attendKnocks();
    this.session.onjoined = () => this.#arrive();
    this.session.onanother = (other) => this.#makeAnewFor(other);
    this.#offerLeaving(main.querySelector("[data-act=leave]"));
    this.#lock.addEventListener("click", () => this.#changeEntry(document.getElementById("invitation")));
    offerInvitation(main.querySelector("[data-act=invite]"), document.getElementById("invitation"));
  }

  start() {
    super.start();
    this.#presence.start();
    this.watch(() => this.#presence.look());
  }

  show() {
    super.show();
    const { model } = this.session;
    for (const element of document.querySelectorAll("[data-when]")) {
      element.hidden = (element.dataset.when === "locked") !== model.room.locked;
    }
    this.#lock.hidden = !mayConfigure(model.settings, model.you.member);
    this.#knocks.keep(new Set(model.members.map(({ id }) => id)));
    this.#people.state = {
      model,
      timer: (id) => this.session.timer(id),
      now: () => this.session.now(),
      waits: this.session.connection.waits,
      asks: this.#hasJoined && this.#ownName.asks(model.you.name),
      knocks: this.#knocks,
      note: this.trouble.people ?? null,
    };
    this.#control.state = {
      model,
      name: (member) => this.session.name(member),
      change: () => this.#openControl(),
    };
  }

  hear(news) {
    if (news.kind === "back") this.trouble = {};
    if (news.kind === "people") this.#comings.tell(news);
    if (news.kind === "knocked") this.#hearKnock(news);
    if (news.kind === "configured") this.#tellOfControl(news);
    if (news.kind === "changed" && news.after.id === "room") this.#endWelcome();
    super.hear(news);
  }

  complain(id, sentence, asked) {
    if (asked === undefined) return super.complain(id, sentence);
    if (asked.type === "session:knock") this.#knocks.drop(asked.member);
    if (placeOf(asked) === "control" && !document.querySelector("dialog[open]")) return super.complain("room", sentence);
    this.trouble[placeOf(asked)] = sentence;
    this.announcer.say(sentence);
    this.show();
  }

  /** What may not be done is not tried, and the answer says why. */
  command(id, message) {
    const bar = this.barred(id);
    if (bar?.types.includes(message.type)) return super.complain(id, bar.why);
    if (id === "room") this.#endWelcome();
    super.command(id, message);
  }

  barred(id) {
    if (id !== "room") return null;
    return restrictions(this.session.model, this.session.timer(id), (member) => this.session.name(member));
  }

  starter(id) {
    const { you, names } = this.session.model;
    const { started_by } = this.session.timer(id);
    if (id !== "room" || !started_by) return null;
    return started_by === you.member ? WORDS.BY_YOU : firstName(names[started_by] ?? "");
  }

  /** Asks the server for something about the room or its people. */
  request(message) {
    this.trouble[placeOf(message)] = null;
    this.session.ask(message);
  }

  // People

  #attendPeople() {
    const attend = (type, react) => this.#people.addEventListener(type, ({ detail }) => react(detail));
    attend("rename", ({ name }) => this.#rename(name));
    attend("knock", ({ member }) => this.#knock(member));
    attend("skip", () => {
      this.#ownName.skip();
      this.show();
    });
  }

  #rename(name) {
    this.#ownName.remember(name);
    this.request({ type: "session:rename", name });
  }

  #arrive() {
    const { room, you } = this.session.model;
    this.#presence.repeat();
    this.#recent.enter(room.code, room.name, Date.now());
    const name = this.#ownName.offer(you.name);
    if (name !== null) this.request({ type: "session:rename", name });
    if (!this.#hasJoined) this.#welcome();
    this.#hasJoined = true;
    this.show();
  }

  /** Should the page be for somebody else then too, it is left as it is. */
  #makeAnewFor(member) {
    this.session.stop();
    if (history.state === member) return;
    history.replaceState(member, "");
    location.reload();
  }

  /** Whoever comes in the middle of a focus is told how much of it is left; reloading the page is no coming. */
  #welcome() {
    const isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";
    if (isReload || !cameInTheMiddle(this.session.model, this.session.now())) return;
    const { ends_at } = this.session.timer("room");
    const left = (now) => WORDS.inTheMiddle(ends_at - now, timeOfDay(ends_at));
    this.#isWelcome = true;
    this.remark("room", left, [{ name: "dismiss", word: WORDS.DISMISS, take: () => this.#endWelcome() }]);
  }

  #endWelcome() {
    if (this.#isWelcome) this.silence("room");
    this.#isWelcome = false;
  }

  // Knocks

  /** Whoever has seen them in one tab has seen them in all. */
  #attendKnocks() {
    const tabs = new BroadcastChannel(`tomato.knocks ${this.path}`);
    this.#knocked.addEventListener("dismiss", () => tabs.postMessage("dismiss"));
    tabs.onmessage = () => this.#knocked.clear();
  }

  #knock(member) {
    const free_at = freeAt(this.session.timer(member), this.session.timer("room"));
    this.#knocks.knock(member);
    this.request({ type: "session:knock", member });
    if (free_at !== null) this.announcer.say(WORDS.sentence(this.session.name(member), WORDS.willHear(timeOfDay(free_at))));
  }

  #hearKnock({ v, member, by, at }) {
    const you = this.session.model.you.member;
    if (by === you) this.#tellHeard(member);
    if (member !== you) return;
    const isOld = this.session.now() - at >= MINUTE_MS;
    const sentence = WORDS.knocked(this.session.name(by), isOld ? timeOfDay(at) : null);
    this.#knocked.add(by, sentence);
    this.announcer.say(sentence);
    this.#notify(`${this.path} ${v}`, sentence);
    this.company().then((company) => company?.knock(`knock ${v}`));
  }

  #tellHeard(member) {
    this.#knocks.hear(member);
    this.announcer.say(WORDS.sentence(this.session.name(member), WORDS.HEARD));
  }

  /** Where it cannot be fetched, the line on the page has to do. */
  async #notify(tag, sentence) {
    const notifier = await import("../timers/notifier.js").catch(() => null);
    if (notifier?.isAllowed(this.preferences.values)) notifier.notify(tag, sentence, this.titleOf());
  }

  // Control

  async #openControl() {
    const sheet = await import("./control-sheet.js").catch(() => null);
    if (sheet === null) this.complain("room", NOT_LOADED);
    else sheet.open(this);
  }

  #changeEntry(invitation) {
    invitation.close();
    this.#openControl();
  }

  #tellOfControl({ by, before }) {
    const { settings, you } = this.session.model;
    this.trouble.control = null;
    if (by === null) return;
    if (by === you.member) return this.#offerChangeBack(before);
    const isYours = settings.maker === you.member && before.maker !== you.member;
    const wasYours = before.maker === you.member && settings.maker !== you.member;
    const said = wasYours ? WORDS.takenBack : WORDS.changedControl;
    this.remark("room", isYours ? WORDS.YOURS_NOW : said(this.session.name(by)));
  }

  #offerChangeBack({ maker, control, controllers, pause_allowed }) {
    const { settings, you } = this.session.model;
    if (settings.maker === maker) {
      const before = { type: "room:configure", control, controllers, pause_allowed };
      return this.offerUndo(WORDS.YOU_CHANGED, () => this.request(before));
    }
    if (settings.maker === null || ![null, you.member].includes(maker)) return this.remark("room", WORDS.TAKEN_BACK);
    const isYours = settings.maker === you.member;
    const said = isYours ? WORDS.YOURS_NOW : WORDS.handedOver(this.session.name(settings.maker));
    this.offerUndo(said, () => this.request({ type: "room:take-back" }));
  }

  /** The link leads away by itself. The others hear of it at once, and whoever comes back by Back is here again. */
  #offerLeaving(link) {
    let left = false;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // which opens another tab
      this.session.stop();
      left = true;
    });
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted && left) this.session.start();
      left = false;
    });
  }
}

/** Beside what a complaint is shown. */
const placeOf = ({ type }) => (type.startsWith("room:") ? "control" : "people");

new RoomPage(document.querySelector("main")).start();
