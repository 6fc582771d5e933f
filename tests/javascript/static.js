/** Django serves the folders of all apps below one address; Node.js is told here where that of `timers` lies. */

import { registerHooks } from "node:module";

const TIMERS = new URL("../../timers/static/timers/", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^\.\.\/timers\//, TIMERS), context),
});
