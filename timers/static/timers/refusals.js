/** The cards that explain why the server refused a connection. Fetched when it did. */

import { CARDS, UNEXPLAINED } from "#timers/refusal-words";

const HREFS = { 4401: "", 4403: "", 4404: "/#together", 4429: null };

/** What a refused connection means, and the one thing to do about it: a link, or a new try where `href` is null. */
export const refusal = (code) => (code in CARDS ? { ...CARDS[code], href: HREFS[code] } : { ...UNEXPLAINED, href: "" });
