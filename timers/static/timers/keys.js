/**
 * What a key press asks for. Pure: an event in, the name of a wish out. Keys of their own can be switched off; they are
 * ignored where somebody writes, and Space on a button is a press of that button.
 */

const WISHES = {
  " ": "main",
  s: "skip",
  r: "reset",
  1: "focus",
  2: "short_break",
  3: "long_break",
  m: "sound",
  u: "undo",
  "?": "help",
};

/** `single`: whether keys without Ctrl or Command count. Null when the press is meant for something else. */
export function wish(event, single) {
  if (event.repeat || event.altKey || event.defaultPrevented || isWriting(event.target)) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return key === "z" ? (event.shiftKey ? "redo" : "undo") : null;
  if (!single || (event.shiftKey && key !== "?") || (key === " " && isPressed(event.target))) return null;
  return WISHES[key] ?? null;
}

const COMMANDS = {
  skip: { type: "timer:skip" },
  reset: { type: "timer:reset" },
  undo: { type: "timer:undo" },
  redo: { type: "timer:redo" },
  focus: { type: "timer:phase", phase: "focus" },
  short_break: { type: "timer:phase", phase: "short_break" },
  long_break: { type: "timer:phase", phase: "long_break" },
};
export const PRESS = { stopped: "timer:start", running: "timer:pause", paused: "timer:resume" };

/** The command that a wish is for this timer; null where it is none for a timer. */
export function command(wish, { status }) {
  return wish === "main" ? { type: PRESS[status] } : (COMMANDS[wish] ?? null);
}

const PRESSED = ["radio", "checkbox", "range", "button", "submit"];

function isWriting({ localName, type, isContentEditable }) {
  return (
    isContentEditable || localName === "textarea" || localName === "select" || (localName === "input" && !PRESSED.includes(type))
  );
}

const isPressed = ({ localName }) => ["button", "a", "input", "summary"].includes(localName);
