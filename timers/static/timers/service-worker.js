/**
 * Keeps the page of one's own timer, and the files it is made of, for when there is no server. `tomato` is what
 * `/sw.js` says: the `version` of all of it, the address of the `page` and those of the `files`. Pages come from the
 * server as long as it answers; of theirs nothing is kept. It also takes presses on notifications that it showed for a page.
 */

const { version, page, files } = self.tomato;
const WITHOUT_ANSWER = [502, 503, 504];
const ENTRANCES = /^\/(room\/[^/]+\/?)?$/;

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate" && ENTRANCES.test(pathname)) event.respondWith(visit(event.request));
  else if (files.includes(pathname)) event.respondWith(fetchKept(event.request));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(comeForward(event.notification.data));
});

/** The page of nobody in particular: it is asked for without the cookie. */
async function keep() {
  const cache = await caches.open(version);
  await cache.addAll([new Request(page, { cache: "reload", credentials: "omit" }), ...files]);
}

async function takeOver() {
  for (const name of await caches.keys()) if (name !== version) await caches.delete(name);
  // With it Firefox shows its own page of failure when the preload fails, whatever is answered.
  await registration.navigationPreload?.disable();
  await clients.claim();
}

/** The page that had it shown, be it still open or not. */
async function comeForward(path) {
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = open.find(({ url }) => new URL(url).pathname === path);
  return page ? page.focus() : clients.openWindow(path);
}

async function visit(request) {
  try {
    const answer = await fetch(request);
    if (!WITHOUT_ANSWER.includes(answer.status)) return answer;
    return (await kept(page)) ?? answer;
  } catch (error) {
    const answer = await kept(page);
    if (answer === undefined) throw error;
    return answer;
  }
}

async function fetchKept(request) {
  return (await kept(request)) ?? fetch(request);
}

const kept = (request) => caches.match(request, { cacheName: version, ignoreVary: true, ignoreSearch: true });
