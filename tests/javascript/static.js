/**
 * Django serves the folders of all apps below one address, and says in each page which language its words are in. Node.js
 * is told here where the folder of `timers` lies, and that a module imported as `….js?de` and all it imports are in German.
 */

import { registerHooks } from "node:module";

const TIMERS = new URL("../../timers/static/timers/", import.meta.url).href;
const LANGUAGE = /\?(\w\w)$/;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier.replace(/^\.\.\/timers\//, TIMERS), context);
    const [query, language] = LANGUAGE.exec(context.parentURL ?? "") ?? [];
    if (query === undefined || !found.url.startsWith("file:")) return found;
    return { ...found, url: found.url.replace("/en/", `/${language}/`) + query };
  },
});
