/**
 * The language that was chosen for this browser, in the cookie by which the server chooses that of a page. Without it
 * a page is in the language that the browser asks for.
 */

const COOKIE = "tomato_language";
const ONE_YEAR_S = 365 * 24 * 3_600;

/** Each by its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

/** Null where the browser is to say. */
export function chosen(cookies = document.cookie) {
  const [, language] = cookies.match(new RegExp(`(?:^|; )${COOKIE}=(\\w+)`)) ?? [];
  return language in LANGUAGES ? language : null;
}

/** Loads the page again in that language. */
export function choose(language) {
  const age_s = language === null ? 0 : ONE_YEAR_S;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${language}; Path=/; Max-Age=${age_s}; SameSite=Lax${secure}`;
  location.reload();
}
