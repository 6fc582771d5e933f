/** The list of recent rooms on the first page: fetched only where `recent-rooms.js` has kept any. */

import { recall } from "../timers/keepsakes.js";

addEventListener("pageshow", () => {
  if (recall("tomato.rooms")) import("./tm-recent.js");
});
