/**
 * How the state of the connection looks: pill, notice row, whether controls wait, and the card that explains a refusal.
 * Pure: it takes the socket's status, since when it is not online, and the instant. Local milliseconds throughout.
 */

import { timeOfDay } from "./countdown.js";

const PILL_AFTER_MS = 2_000;
const NOTICE_AFTER_MS = 10_000;

export const REASON = "Reconnecting: the buttons wait for the server.";

/** `lostAt` is null while online; `before` says whether it has been online on this page. */
export function look(status, lostAt, before, now) {
  if (status.state === "refused") {
    return { pill: "Not connected", waits: true, notice: null, refusal: refusal(status.code) };
  }
  const away_ms = lostAt === null ? 0 : now - lostAt;
  const waits = away_ms >= PILL_AFTER_MS;
  const pill = !before ? "Connecting" : waits ? "Reconnecting" : "Live";
  const notice = away_ms >= NOTICE_AFTER_MS ? noticeText(status, lostAt, before, now) : null;
  return { pill, waits, notice, refusal: null };
}

function noticeText(status, lostAt, before, now) {
  const what = before ? `Connection lost at ${timeOfDay(lostAt)}.` : "The server does not answer.";
  return `${what} Your timer keeps its time; we are reconnecting (${attempt(status, now)}).`;
}

function attempt({ state, tries, retry_at }, now) {
  if (state !== "waiting") return `try ${Math.max(1, tries)}`;
  return `try ${tries}, next in ${Math.max(0, Math.ceil((retry_at - now) / 1_000))} s`;
}

/** What a refused connection means, and the one thing to do about it: a link, or a new try where `href` is null. */
function refusal(code) {
  switch (code) {
    case 4401:
      return {
        title: "We do not know this browser",
        why:
          "The cookie that tells your timer from others is missing or has expired. Reloading the page makes a new " +
          "one; if this comes back, allow cookies for this site.",
        action: "Reload",
        href: "",
      };
    case 4403:
      return {
        title: "This room is not open to you",
        why: "It may need a passcode, or whoever runs it has closed it. Ask the person who sent you the link.",
        action: "Go to your own timer",
        href: "/",
      };
    case 4404:
      return {
        title: "This room is gone",
        why: "Nobody has used it for a while, or it was removed. A new one takes a second.",
        action: "Make a new room",
        href: "/#together",
      };
    case 4429:
      return {
        title: "Too much at once",
        why:
          "The room is full, or too many tabs or commands came from here. Close a tab you do not need, wait a moment, " +
          "and try again.",
        action: "Try again",
        href: null,
      };
    default:
      return {
        title: "The server refused the connection",
        why: "It did not say why. Reloading the page may help.",
        action: "Reload",
        href: "",
      };
  }
}
