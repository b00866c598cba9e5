import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sparePort } from '../../test/support/spare-port.ts';
import { openBrowser } from '../support/browser.ts';
import { logIn, startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import { median } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';

const FOLDER = fileURLToPath(new URL('../lighthouse', import.meta.url));
const CLI = path.join(FOLDER, 'node_modules/lighthouse/cli/index.js');
const PASSES = 3;
const METRICS = { 'first-contentful-paint': 'fcp', 'largest-contentful-paint': 'lcp', 'total-blocking-time': 'tbt', 'cumulative-layout-shift': 'cls' } as const;

interface Report {
  readonly categories: Readonly<Record<'performance' | 'accessibility' | 'best-practices', { readonly score: number }>>;
  readonly audits: Readonly<Record<string, { readonly numericValue?: number }>>;
}

/** Lighthouse, desktop preset, on the login page and on the overview; the median of three. */
export async function panelLoad(context: CaseContext): Promise<readonly Figure[]> {
  install();
  const program = await startProgram(context, { name: 'panel-load' });
  await program.ready();
  const port = await sparePort();
  const browser = await openBrowser(context, port);
  const page = await (await browser.newContext()).newPage();
  const figures: Figure[] = [];
  for (const [name, token] of [['login', undefined], ['overview', await logIn(program)]] as const) {
    await page.goto(`${program.url}/`);
    if (token !== undefined) await signIn(port, program.url, token);
    const reports: Report[] = [];
    for (let pass = 0; pass < (context.quick ? 1 : PASSES); pass++) reports.push(await wholeAudit(context, `${program.url}/`, port));
    figures.push(...figuresOf(name, reports));
  }
  await browser.close();
  await program.stop();
  return [figure('panel-load', 'performance, worst', Math.min(...figures.filter((one) => one.case.endsWith('/performance')).map((one) => one.value))), ...figures];
}

function figuresOf(name: string, reports: readonly Report[]): Figure[] {
  const score = (category: keyof Report['categories']): number => Math.round(median(reports.map((report) => report.categories[category].score * 100)));
  return [
    figure(`panel-load/${name}/performance`, 'of 100', score('performance')),
    figure(`panel-load/${name}/accessibility`, 'of 100', score('accessibility')),
    figure(`panel-load/${name}/best-practices`, 'of 100', score('best-practices')),
    ...Object.entries(METRICS).map(([audit, short]) => figure(`panel-load/${name}/${short}`, short === 'cls' ? '' : 'ms', median(reports.map((report) => report.audits[audit]?.numericValue ?? Number.NaN)))),
  ];
}

/** Lighthouse opens tabs in the browser's first profile: there the person has to be logged in. */
async function signIn(port: number, url: string, token: string): Promise<void> {
  const tab = (await (await fetch(`http://127.0.0.1:${port}/json/new?${encodeURIComponent(`${url}/icon.svg`)}`, { method: 'PUT' })).json()) as { webSocketDebuggerUrl: string };
  const socket = new WebSocket(tab.webSocketDebuggerUrl);
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const expression = `localStorage.setItem('natsjob.token', ${JSON.stringify(JSON.stringify(token))}); location.origin`;
  for (;;) {
    const answered = new Promise<string>((resolve) => socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true }));
    socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
    if ((await answered).includes(url)) break;
  }
  socket.close();
}

/** Lighthouse leaves out what it could not see, as the first paint of a page that was drawn while it began: then it looks again. */
async function wholeAudit(context: CaseContext, url: string, port: number): Promise<Report> {
  for (let left = 2; ; left--) {
    const report = await audit(context, url, port);
    if (left === 0 || Object.keys(METRICS).every((name) => report.audits[name]?.numericValue !== undefined)) return report;
  }
}

async function audit(context: CaseContext, url: string, port: number): Promise<Report> {
  const output = path.join(scratchDir(context), 'report.json');
  await promisify(execFile)(process.execPath, [
    CLI, url, '--quiet', `--port=${port}`, '--preset=desktop', '--disable-storage-reset', '--output=json', `--output-path=${output}`,
    '--only-categories=performance,accessibility,best-practices', '--disable-full-page-screenshot',
  ], { env: { ...process.env, CI: '1' } });
  return JSON.parse(readFileSync(output, 'utf8')) as Report;
}

/** Lighthouse brings more packages than the project itself, so it is there for this case only. */
function install(): void {
  if (existsSync(CLI)) return;
  // npm would leave a cache of its code in the folder for temporary files.
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'], env });
  if (status !== 0) throw new Error('Lighthouse could not be installed: npm ci failed in bench/lighthouse');
}
