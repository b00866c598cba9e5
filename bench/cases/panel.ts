import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import { databaseOf, logIn, startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import { seedRows } from '../support/seed-rows.ts';
import { startSide } from '../support/side.ts';
import { median, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';

const RUNS = 1_000_000;
const JOBS = 10_000;
/** Each run makes two changes, which the feed brings as one when the end follows within a frame. */
const FIRING = 500;
const WATCH_MS = 60_000;
const WARM_UP_MS = 10_000;
const OPENINGS = 5;
const IN_PAGE = fileURLToPath(new URL('../support/in-page.js', import.meta.url));

/** What the page counts while it is watched. */
interface Watched {
  readonly longestTaskMs: number;
  readonly longTasks: number;
  readonly liveItems: number;
  readonly frames: number;
  readonly mostRows: number;
  readonly mostElements: number;
}

/** The panel in Chromium over a million runs and ten thousand jobs, while five hundred changes a second come in. */
export async function panel(context: CaseContext): Promise<readonly Figure[]> {
  const home = scratchDir(context);
  const nats = await startBenchNats(context);
  await seedRows(databaseOf({ home }), context.quick ? 5_000 : RUNS, Date.now());
  const jobs = context.quick ? 500 : JOBS;
  // Numbers above those of the rows, so that no run of the past meets one of now.
  await seedJobs(nats.url, jobs, (number) => ({ ...benchJob(number, number <= FIRING ? { every: '@every 1s', jitterMs: 1_000 } : { every: '@every 1h', jitterMs: 3_600_000 }), number: 10_000 + number }));
  await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const program = await startProgram(context, { natsUrl: nats.url, home, name: 'panel', flags: ['--job-result-expire-hours', '336'] });
  await program.ready();
  const browser = await openBrowser(context);
  const window = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const token = await logIn(program);
  await window.addInitScript({ content: `sessionStorage.setItem('natsjob.token', '${token}')` });
  await window.addInitScript({ path: IN_PAGE });
  const page = await window.newPage();
  await page.goto(`${program.url}/#/settings`);
  await page.locator('h1').waitFor();
  await page.locator('[data-live=live]').waitFor();
  const figures: Figure[] = [];
  for (const [name, hash] of [['runs', '#/runs'], ['jobs', '#/jobs']] as const) {
    const painted: number[] = [];
    for (let opening = 0; opening < OPENINGS; opening++) {
      await page.evaluate(`location.hash = '#/settings'`);
      await page.locator('tr[data-row]').first().waitFor({ state: 'detached' });
      painted.push(await page.evaluate<number>(`bench.paint('${hash}')`));
    }
    // The first opening reads the page's code too.
    context.note(`${name} painted after ${painted.map(Math.round).join(', ')} ms`);
    figures.push(figure(`panel/${name}-painted`, 'ms', median(painted), { p50_ms: median(painted), max_ms: Math.max(...painted) }));
    figures.push(...(await watch(context, page, name)));
  }
  const worst = Math.max(...figures.filter((one) => one.case.endsWith('-painted')).map((one) => one.value));
  await browser.close();
  await program.stop();
  return [figure('panel', 'ms, list painted', worst), ...figures];
}

async function watch(context: CaseContext, page: Page, name: string): Promise<Figure[]> {
  const devtools = await page.context().newCDPSession(page);
  await sleep(context.quick ? 1_000 : WARM_UP_MS);
  const heap = async (): Promise<number> => {
    await devtools.send('HeapProfiler.collectGarbage');
    return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6;
  };
  const before = await heap();
  await page.evaluate('bench.proveWatching()');
  await page.evaluate('bench.reset()');
  const from = performance.now();
  await sleep(context.quick ? 3_000 : WATCH_MS);
  const seconds = (performance.now() - from) / 1000;
  const seen = await page.evaluate<Watched>('bench.watched');
  const after = await heap();
  context.note(`${name}: ${Math.round(seen.liveItems / seconds)} changes/s in ${(seen.frames / seconds).toFixed(1)} frames/s; ${seen.longTasks} tasks over 50 ms, the longest ${Math.round(seen.longestTaskMs)} ms; at most ${seen.mostRows} rows, ${seen.mostElements} elements; heap ${before.toFixed(1)} → ${after.toFixed(1)} MB`);
  return [
    figure(`panel/${name}-longest-task`, 'ms', seen.longestTaskMs),
    figure(`panel/${name}-rows`, 'rows in the page', seen.mostRows),
    figure(`panel/${name}-heap-growth`, 'MB', after - before),
    figure(`panel/${name}-changes`, 'changes/s', seen.liveItems / seconds),
  ];
}
