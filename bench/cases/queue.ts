import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Product, QueueAddress } from '../queue/products.ts';
import type { AdderOrder } from '../queue/adder.ts';
import { startBenchNats } from '../support/nats.ts';
import { cpuUs } from '../support/proc.ts';
import { startProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { startSide } from '../support/side.ts';
import { median, quantile, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';

const FOLDER = fileURLToPath(new URL('../bullmq', import.meta.url));
/** In the order they are told. The first one bears the case's name. */
const ROWS = ['process-8', 'process-1', 'process-32', 'add', 'bulk', 'start'] as const;
const TAKE_LIMIT_MS = 120_000;
const CONCURRENCIES = [1, 8, 32] as const;

/** What one product did in one round. `cpu`: microseconds a job of all processes together. */
interface Row {
  readonly perSecond: number;
  readonly cpu: number;
  readonly p50?: number;
  readonly p99?: number;
}

interface Contender {
  readonly name: string;
  readonly product: Product;
  readonly url: string;
  /** Server, and scheduler if there is one. */
  readonly pids: readonly number[];
}

/**
 * Jobs of 200 bytes through JobQueue, beside BullMQ on a Redis that keeps nothing on disk and on one that does once a second, as
 * nats-server does less often. Rounds alternate between them; what is told is the median, with BullMQ's as the limit.
 */
export const queue: Case = async (context) => {
  installBullMq();
  const rounds = context.quick ? 1 : 3;
  const contenders = await startAll(context);
  const rows = new Map<string, Map<string, Row[]>>();
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      const measured = await measure(context, contender, `round${round}`);
      context.note(`round ${round + 1} of ${rounds}: ${contender.name}: ${measured.map(([name, { perSecond, cpu }]) => `${name} ${Math.round(perSecond)}/s ${Math.round(cpu)} µs`).join(', ')}`);
      for (const [name, row] of measured) {
        const ofRow = rows.get(name) ?? new Map<string, Row[]>();
        rows.set(name, ofRow);
        ofRow.set(contender.name, [...(ofRow.get(contender.name) ?? []), row]);
      }
    }
  }
  return ROWS.flatMap((name) => compare(context, name, rows.get(name) ?? new Map<string, Row[]>()));
};

async function startAll(context: CaseContext): Promise<Contender[]> {
  const nats = await startBenchNats(context);
  const program = await startProgram(context, { natsUrl: nats.url, name: 'queue' });
  await program.ready();
  const plain = await startRedis(context, 'none');
  const durable = await startRedis(context, 'everysec');
  return [
    { name: 'natsjob', product: 'natsjob', url: nats.url, pids: [nats.pid, program.pid] },
    { name: 'bullmq', product: 'bullmq', url: plain.url, pids: [plain.pid] },
    { name: 'bullmq-aof', product: 'bullmq', url: durable.url, pids: [durable.pid] },
  ];
}

async function measure(context: CaseContext, contender: Contender, round: string): Promise<[string, Row][]> {
  const sizes = context.quick ? { add: 100, bulk: 1_000, start: 20 } : { add: 3_000, bulk: 20_000, start: 500 };
  const rows: [string, Row][] = [];
  const take = async (options: QueueAddress & { concurrency: number; count: number }, whenTaking?: () => Promise<unknown>): Promise<Row> => {
    const cpu = totalCpu(contender.pids);
    const taker = await startSide(context, 'queue/taker.ts', options);
    await taker.next('taking');
    await whenTaking?.();
    const { ms } = await taker.next<{ ms: number }>('taken', TAKE_LIMIT_MS);
    const row = { perSecond: (options.count / ms) * 1_000, cpu: (totalCpu(contender.pids) - cpu + cpuUs(taker.pid)) / options.count };
    taker.send({});
    await taker.next('closed');
    await taker.stop();
    return row;
  };
  for (const concurrency of CONCURRENCIES) {
    const address: QueueAddress = { product: contender.product, url: contender.url, queue: `${round}-${concurrency}` };
    const adder = await startSide(context, 'queue/adder.ts', address);
    const pids = [...contender.pids, adder.pid];
    const order = async (what: AdderOrder): Promise<Row> => {
      const cpu = totalCpu(pids);
      adder.send(what);
      const { ms } = await adder.next<{ ms: number }>('added', 120_000);
      return { perSecond: (what.count / ms) * 1_000, cpu: (totalCpu(pids) - cpu) / what.count };
    };
    // Everything has been done once, by workers that are gone again, before it is measured.
    const warmUps = context.quick ? 10 : concurrency === 1 ? 9_000 : 3_000;
    await take({ ...address, concurrency, count: warmUps }, () => order({ order: 'one-by-one', count: warmUps }));
    if (concurrency === 1) rows.push(['add', await order({ order: 'one-by-one', count: sizes.add })]);
    const bulk = await order({ order: 'bulk', count: sizes.bulk });
    if (concurrency === 1) rows.push(['bulk', bulk]);
    await sleep(context.quick ? 100 : 1_000);
    rows.push([`process-${concurrency}`, await take({ ...address, concurrency, count: sizes.bulk + (concurrency === 1 ? sizes.add : 0) })]);
    if (concurrency === 8) rows.push(['start', await addToStart(context, contender, `${round}-start`, sizes.start)]);
    await adder.stop();
  }
  return rows;
}

/** From the call of add to the beginning of the handler, on a queue that is otherwise empty. */
async function addToStart(context: CaseContext, { product, url, pids }: Contender, name: string, count: number): Promise<Row> {
  const address: QueueAddress = { product, url, queue: name };
  const warmUps = context.quick ? 5 : 100;
  const adder = await startSide(context, 'queue/adder.ts', address);
  const taker = await startSide(context, 'queue/taker.ts', { ...address, concurrency: 8, count: count + warmUps });
  await taker.next('taking');
  await sleep(context.quick ? 100 : 1_000);
  const all = [...pids, adder.pid, taker.pid];
  const cpu = totalCpu(all);
  adder.send({ order: 'spaced', count: count + warmUps, gapMs: 5 });
  const { waits } = await taker.next<{ waits: number[] }>('taken', 120_000);
  const sorted = waits.slice(warmUps).sort((a, b) => a - b);
  const row = { perSecond: 0, cpu: (totalCpu(all) - cpu) / (count + warmUps), p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  taker.send({});
  await taker.next('closed');
  await Promise.all([taker.stop(), adder.stop()]);
  return row;
}

function compare(context: CaseContext, name: string, ofRow: ReadonlyMap<string, readonly Row[]>): Figure[] {
  const of = (contender: string, field: keyof Row): number => median((ofRow.get(contender) ?? []).map((row) => row[field] ?? 0));
  for (const [contender, all] of ofRow) {
    const told = all.map(({ perSecond, p50, p99 }) => (p50 === undefined ? Math.round(perSecond) : `${p50.toFixed(2)}/${p99?.toFixed(2)}`)).join(', ');
    context.note(`${name}: ${contender}: ${told}; CPU of all processes ${of(contender, 'cpu').toFixed(0)} µs a job`);
  }
  return ['bullmq', 'bullmq-aof'].map((other) => {
    const row = `${name === ROWS[0] ? 'queue' : `queue/${name}`}${other === 'bullmq' ? '' : '/aof'}`;
    if (name === 'start') return figure(row, 'ms', of('natsjob', 'p50'), { limit: of(other, 'p50'), cpu_us: of('natsjob', 'cpu'), p50_ms: of('natsjob', 'p50'), p99_ms: of('natsjob', 'p99') });
    return figure(row, 'jobs/s', of('natsjob', 'perSecond'), { limit: of(other, 'perSecond'), cpu_us: of('natsjob', 'cpu') });
  });
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const from = by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}

function totalCpu(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuUs(pid), 0);
}

/** BullMQ is there for this case only. */
function installBullMq(): void {
  if (existsSync(`${FOLDER}/node_modules/bullmq/package.json`)) return;
  // Not `npm ci`: some versions refuse a lockfile without the optional packages of other platforms.
  const { status } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    // Without the cache that npm would leave in the temporary folder.
    cwd: FOLDER, env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('BullMQ could not be installed: npm install failed in bench/bullmq');
}
