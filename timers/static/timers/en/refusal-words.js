/** What a refused connection means, in English: a card for each close code that has one. */

export const CARDS = {
  4401: {
    title: "We do not know this browser",
    why:
      "The cookie that tells your timer from others is missing or has expired. Reloading the page makes a new " +
      "one; if this comes back, allow cookies for this site.",
    action: "Reload",
  },
  4403: {
    title: "You are outside this room",
    why:
      "It asks for a passcode: it was given one, or another one, or your 30 days are over. Or whoever runs this site " +
      "has sent you out.",
    action: "Enter again",
  },
  4404: {
    title: "This room is gone",
    why: "Nobody has used it for a while, or it was removed. A new one takes a second.",
    action: "Make a new room",
  },
  4429: {
    title: "Too much at once",
    why:
      "The room is full, or too many tabs or commands came from here. Close a tab you do not need, wait a moment, " +
      "and try again.",
    action: "Try again",
  },
};

/** The card of a refused connection for which there is no better one. */
export const UNEXPLAINED = {
  title: "The server refused the connection",
  why: "It did not say why. Reloading the page may help.",
  action: "Reload",
};
