/** Removes what this browser keeps. Often a header has done so already; plain HTTP at home has none, nor has every browser. */

for (const storage of ["localStorage", "sessionStorage"]) {
  try {
    globalThis[storage].clear();
  } catch {
    // A browser that forbids its storage has nothing in it.
  }
}
for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name);
for (const worker of (await navigator.serviceWorker?.getRegistrations()) ?? []) await worker.unregister();
