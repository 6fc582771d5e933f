/** The page of one's own timer. */

import { Page } from "./page.js";

new Page("/ws/solo", { solo: { element: document.querySelector("tm-timer"), prefix: "" } }).start();
