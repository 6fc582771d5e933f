/** The list of recent rooms on the first page: fetched only where `recent-rooms.js` has kept any. */

addEventListener("pageshow", () => {
  try {
    if (localStorage.getItem("tomato.rooms")) import("./tm-recent.js");
  } catch {
    // A browser that forbids its storage has no list.
  }
});
