// Runs in the page before anything of the panel: counts what comes and how long the page is busy.
const bench = (globalThis.bench = {
  /** Goes there and resolves with the milliseconds until its rows have been drawn. */
  paint: (hash) => new Promise((resolve) => {
    const from = performance.now();
    location.hash = hash;
    const look = () => {
      if (document.querySelector('tr[data-row]') === null) requestAnimationFrame(look);
      // After the next frame it is on the screen.
      else requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)));
    };
    look();
  }),
  /** Keeps the page busy, and resolves with the long task that was seen: proof that they are seen. */
  proveWatching: () => new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => reject(new Error('no task of 150 ms was seen')), 60_000);
    new PerformanceObserver((entries, observer) => {
      // The page may have long tasks of its own before.
      const planted = entries.getEntries().find(({ duration }) => duration >= 140);
      if (planted === undefined) return;
      observer.disconnect();
      clearTimeout(tooLate);
      setTimeout(resolve);
    }).observe({ entryTypes: ['longtask'] });
    setTimeout(() => {
      for (const until = performance.now() + 150; performance.now() < until;);
    });
  }),
  reset() {
    bench.watched = { longestTaskMs: 0, longTasks: 0, liveItems: 0, frames: 0, mostRows: 0, mostElements: 0 };
  },
});
bench.reset();

new PerformanceObserver((entries) => {
  for (const { duration } of entries.getEntries()) {
    bench.watched.longTasks++;
    bench.watched.longestTaskMs = Math.max(bench.watched.longestTaskMs, duration);
  }
}).observe({ entryTypes: ['longtask'] });

const Socket = globalThis.WebSocket;
globalThis.WebSocket = class extends Socket {
  constructor(url, protocols) {
    super(url, protocols);
    this.addEventListener('message', ({ data }) => {
      bench.watched.frames++;
      bench.watched.liveItems += JSON.parse(data).runs?.length ?? 0;
    });
  }
};

setInterval(() => {
  bench.watched.mostRows = Math.max(bench.watched.mostRows, document.querySelectorAll('tr').length);
  bench.watched.mostElements = Math.max(bench.watched.mostElements, document.querySelectorAll('*').length);
}, 500);
