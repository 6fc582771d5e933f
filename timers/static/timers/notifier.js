/**
 * The browser's own notifications: one for a person, not one for a tab. A tab that somebody looks at takes the word for
 * a completion at once and keeps silent; of the hidden ones, the first to find it free a moment later speaks.
 */

import { NOT_NOTIFIED, NOTIFIED } from "#timers/later-words";

const LOOKS_AFTER_MS = 400;
const KNOWN_FOR_MS = 10_000;

/** Whether the person may be asked: they have not answered yet, and neither has their browser. */
export const mayAsk = ({ notify }) => canNotify() && Notification.permission === "default" && notify === null;

export const canNotify = () => "Notification" in window && "locks" in navigator;

export const isAllowed = ({ notify }) => canNotify() && Notification.permission === "granted" && notify !== false;

/** Asks the browser, in a press. Returns what came of it, a sentence. */
export async function ask(preferences) {
  const told = { tag: "tomato", body: NOTIFIED, silent: true };
  const allowed = (await Notification.requestPermission()) === "granted" && (await show("tomato", told));
  preferences.set({ notify: allowed });
  return allowed ? NOTIFIED : NOT_NOTIFIED;
}

export async function notify(completion, title, body) {
  const isSeen = document.visibilityState === "visible";
  if (!isSeen) await new Promise((go) => setTimeout(go, LOOKS_AFTER_MS));
  await navigator.locks.request(`tomato.told ${completion}`, { ifAvailable: true }, (lock) => {
    if (lock === null) return null;
    if (!isSeen) show(title, { tag: completion, body });
    return new Promise((release) => setTimeout(release, KNOWN_FOR_MS));
  });
}

/** Whether it could be shown. A phone lets only the service worker speak, which also knows what to do with a press. */
async function show(title, options) {
  try {
    const notification = new Notification(title, options);
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    return true;
  } catch {
    const registration = await navigator.serviceWorker?.getRegistration();
    if (!registration?.active) return false;
    await registration.showNotification(title, { ...options, data: location.pathname });
    return true;
  }
}
