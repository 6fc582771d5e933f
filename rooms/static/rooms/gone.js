/** The page of a room that is not there: it is no longer listed among those that this browser entered. */

import { RecentRooms } from "./recent-rooms.js";

new RecentRooms().forget(document.querySelector("[data-gone]").dataset.gone);
