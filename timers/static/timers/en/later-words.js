/** What is said by what a page loads later, in English: notifications, the lock screen, and being away from the server. */

/** What came of the question whether to be told by the browser. */
export const QUIET = "You will not be asked again. The settings can change that.";
export const NOTIFIED = "You will be told when the next phase ends.";
export const NOT_NOTIFIED = "This browser does not let the page tell you. It can be allowed in the browser’s settings for this site.";

/** On a lock screen. */
export const endsAt = (timeOfDay) => `ends at ${timeOfDay}`;

/** What is said when the timer had been changed elsewhere after some of one's own commands. */
export const overruling = (number) =>
  `While you were offline the timer changed elsewhere, so ${number === 1 ? "one thing" : `${number} things`} you did before that did not count.`;

export const NEWER = { text: "A new version is here.", word: "Reload" };
