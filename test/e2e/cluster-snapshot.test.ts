import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src-core/sql/index.ts';
import { callSubject, decodeFrame, encodeFrame, RESULTS_STREAM, runIdToText, STREAM } from '../../src-core/wire/index.ts';
import { linesThatCount, TooBusy, whileLeadsHold } from '../support/cluster.ts';
import type { Node } from '../support/cluster.ts';
import { create } from '../support/create.ts';
import { PATIENT_MS } from '../support/nats-server.ts';
import { canStartProgram } from '../support/program.ts';
import { aBatch, aRun, ended } from '../support/store-rows.ts';
import { READER_ENTRY, recordingLog } from '../support/store-sqlite.ts';
import { until } from '../support/until.ts';
import { startTestWorker } from '../support/worker.ts';
import { APP, NAMESPACE, openLoad } from './outage-load.ts';

const MANY = 60_000;
const TAKEN = 'the view is now a snapshot of another server';
/** Who has the view did not answer for five seconds. */
const ALONE = 'no other server gives its view';
const ANY = ['a', 'b', 'c'];
/** For a hundred megabytes. */
const CARRIED_MS = 300_000;

describe.skipIf(!(await canStartProgram()))('a node that was away for longer than the log reaches back', () => {
  test('has the same runs, pieces, skips and sums as the others when it is back, and so has a new one', () => whileLeadsHold(async (cluster) => {
    const [a, b, c] = cluster.nodes as [Node, Node, Node];
    await using load = await openLoad(a, cluster.nats.url);
    await using worker = await startTestWorker(cluster.nats.url);
    await create(a.api, `/namespaces/${NAMESPACE}/apps`, { name: 'nobody' });
    await create(a.api, '/jobs', { namespace: NAMESPACE, app: 'nobody', name: 'narrow', schedule: { expression: '* * * * * *' }, timeoutMs: 2_000 });
    expect(await b.stop()).toBe(0);
    expect(await c.stop()).toBe(0);
    forgetData(c);
    await create(a.api, '/jobs', { namespace: NAMESPACE, app: APP, name: 'made-meanwhile', schedule: { expression: '* * * * * *' }, maxRunning: 100, timeoutMs: 4_000 });
    const { taskId } = (await a.api.get(`/runs?namespace=${NAMESPACE}&app=${APP}&limit=1`)).body.items[0];
    await worker.publish('natsjob.job.sub-result-flow', { taskId, namespace: NAMESPACE, appName: APP, jobName: 'job-0', clientId: 'w', status: 'half done' });
    await until(() => load.witness.count > 150, { what: 'fires' });
    await untilSkipped(a);
    await shorten(cluster.nats.url, 5, a);

    for (const node of [b, c]) await restartWithView(node, TAKEN);
    await load.untilRunsAgain();
    await load.finish();
    const wanted = await settledViewOf(a);
    expect(wanted.runs.length).toBeGreaterThan(150);
    expect([wanted.subRuns.length, wanted.skips.length].every((count) => count > 0)).toBe(true);
    for (const node of [b, c]) {
      await expect.poll(() => viewOf(node), { timeout: 60_000, message: `view of ${node.name}` }).toEqual(wanted);
      // They are asked for one after the other, and what they tell of ends with the minute.
      await until(async () => isDeepStrictEqual(await sumsOf(node), await sumsOf(a)), { what: `the sums of ${node.name}` });
      expect((await node.api.get(`/runs/${taskId}/sub-runs`)).body.items).toHaveLength(1);
      expect(leftovers(node)).toEqual(['natsjob.sqlite.replaced']);
    }
    expect(leftovers(a)).toEqual([]);
    expect(load.seenTwice()).toEqual([]);
  }, { nodes: 3, mayLose: ANY }));

  test('gets there though it is killed while it takes one, and though the giver is', () => whileLeadsHold(async (cluster) => {
    const [a, b, c] = cluster.nodes as [Node, Node, Node];
    await using load = await openLoad(a, cluster.nats.url);
    for (const node of [c, b, a]) expect(await node.stop()).toBe(0);
    forgetData(b);
    forgetData(c);
    await fill(a, MANY);
    await shorten(cluster.nats.url, 5);
    await a.restart();

    const isTelling = async (): Promise<boolean> => sizeTaken(b) > 0 && /taking a snapshot of server a's view, \d+ %/.test(await problemsOf(b));
    await inTheMidst(b, isTelling, async (said) => {
      await b.kill('SIGKILL');
      return sizeTaken(b) > 0 && !said().includes(TAKEN);
    });
    await restartWithView(b, TAKEN);
    expect(countRuns(b)).toBeGreaterThan(MANY);
    expect(leftovers(b)).toEqual(['natsjob.sqlite.replaced']);

    let isGiven = false;
    await inTheMidst(c, async () => sizeTaken(c) > 0, async (said) => {
      isGiven = leftovers(b).some((name) => name.includes('.given-'));
      await b.kill('SIGKILL');
      await untilTaken(c, said, TAKEN);
      await c.untilReady();
      if (said().includes('the snapshot broke off')) return true;
      await b.restart();
      return false;
    });
    expect(isGiven, 'the one that does not lead gives').toBe(true);
    await untilSaid(c, /"from":"a".*the view is now a snapshot/);
    expect(countRuns(c)).toBeGreaterThan(MANY);
    await b.restart();
    expect(leftovers(b)).toEqual(['natsjob.sqlite.replaced']);
    await load.finish();
    expect(load.seenTwice()).toEqual([]);
    for (const node of [b, c]) await until(() => countRuns(node) === countRuns(a), { what: `${node.name} to have all` });
  }, { nodes: 3, mayLose: ANY }));

  test('is told so when it is of an older version, goes on with what it has when nobody answers, and leaves the others what only they have', () => whileLeadsHold(async (cluster) => {
    const [a, b] = cluster.nodes as [Node, Node];
    await using load = await openLoad(a, cluster.nats.url);
    const nats = await connect({ servers: cluster.nats.url });
    const frame = encodeFrame({ method: 'snapshot-open', input: { asker: 'old', id: 'old-1', schemaVersion: 1, streams: [] } }, new Uint8Array(0));
    const { data } = await nats.request(callSubject('a', 'snapshot-open'), frame, { timeout: 60_000 });
    expect(decodeFrame(data)?.head).toMatchObject({ error: { name: 'ConflictError', message: expect.stringMatching(/newer schema/) as string } });
    await nats.close();

    expect(await b.stop()).toBe(0);
    const before = countRuns(b);
    const seen = load.witness.count;
    // A new leader must still find what was sent since the lease was last renewed.
    await until(() => load.witness.count > seen + 100, { what: 'fires' });
    await shorten(cluster.nats.url, 50, a);
    await a.kill('SIGKILL');
    const left = load.witness.count;
    await b.restart();
    await untilSaid(b, /"missing":\{.*the log no longer has messages that this server has not read/);
    expect(countRuns(b)).toBeGreaterThanOrEqual(before);
    await until(() => load.witness.count > left + 100, { what: 'fires of the one that is left' });

    const ownEnds = endedIn(a);
    const missing = endedIn(b);
    expect([...ownEnds].filter((id) => !missing.has(id)).length).toBeGreaterThan(30);
    await shorten(cluster.nats.url, 50, b);
    await restartWithView(a, /"kept":[1-9].*the view is now a snapshot/);
    const all = endedIn(a);
    expect([...ownEnds, ...missing].filter((id) => !all.has(id))).toEqual([]);
    expect(load.seenTwice()).toEqual([]);
  }, { mayLose: ANY }));
});

function fileOf(node: Node, end = ''): string {
  return path.join(node.dataDir, `natsjob.sqlite${end}`);
}

/** As on a new machine; the name of the node is a setting. */
function forgetData(node: Node): void {
  for (const name of readdirSync(node.dataDir)) if (name.startsWith('natsjob.sqlite')) rmSync(path.join(node.dataDir, name));
}

/** What lies beside the database and is neither its log nor its lock. */
function leftovers(node: Node): string[] {
  return readdirSync(node.dataDir).filter((name) => /^natsjob\.sqlite\.(?!lock)/.test(name)).sort();
}

/** The log keeps only the newest messages of either stream, and what comes until `reader` has read and written all before them. */
async function shorten(url: string, kept: number, reader?: Node): Promise<void> {
  const nats = await connect({ servers: url });
  const { streams } = await jetstreamManager(nats, { timeout: PATIENT_MS });
  const ends = await Promise.all([STREAM, RESULTS_STREAM].map(async (name) => [name, (await streams.info(name)).state.last_seq] as const));
  await until(async () => {
    const self = reader && (await reader.api.get('/servers')).body.items?.[0];
    return reader === undefined || (self?.lag === 0 && self.projectionLag === 0);
  }, { what: 'the log to be read' });
  for (const [name, last] of ends) await streams.purge(name, { seq: last - kept });
  await nats.close();
}

interface View {
  readonly runs: readonly unknown[];
  readonly subRuns: readonly unknown[];
  readonly skips: readonly unknown[];
  readonly definitions: readonly unknown[];
}

/** Skips are told every three seconds: when nothing has fired for much longer, and the view has not changed since, all are in it. */
async function settledViewOf(node: Node): Promise<View> {
  let last = viewOf(node);
  let since = performance.now();
  await until(() => {
    const now = viewOf(node);
    if (!isDeepStrictEqual(now, last)) since = performance.now();
    last = now;
    return performance.now() - since > 8_000;
  }, { what: `the view of ${node.name} to change no more` });
  return last;
}

/** All rows, as the file has them. */
function viewOf(node: Node): View {
  const database = new Database(fileOf(node), { readonly: true });
  try {
    const all = (sql: string): readonly unknown[] => database.prepare(sql).all();
    return {
      runs: all('select * from run order by id'), subRuns: all('select * from sub_run order by run_id, kind, number'),
      skips: all('select * from skip_count order by hour, job_number, reason'), definitions: all('select * from job order by number'),
    };
  } finally {
    database.close();
  }
}

function endedIn(node: Node): ReadonlySet<string> {
  const database = new Database(fileOf(node), { readonly: true });
  try {
    return new Set(database.prepare('select cast(id as text) from run where state >= 3').pluck().all() as string[]);
  } finally {
    database.close();
  }
}

function countRuns(node: Node): number {
  const database = new Database(fileOf(node), { readonly: true });
  try {
    return database.prepare('select count(*) from run').pluck().get() as number;
  } finally {
    database.close();
  }
}

async function sumsOf({ api }: Node): Promise<unknown> {
  return (await api.get('/stats')).body.items;
}

/** What it writes to its log comes on another way than what it answers. */
async function untilSaid(node: Node, words: string | RegExp): Promise<void> {
  await until(() => (typeof words === 'string' ? node.output().includes(words) : words.test(node.output())), { what: () => `"${words}"\n${linesThatCount(node)}` });
}

async function untilSkipped({ api }: Node): Promise<void> {
  await until(async () => (await api.get(`/skips?namespace=${NAMESPACE}`)).body.items.length > 0, { what: 'a skip' });
}

async function restartWithView(node: Node, words: string | RegExp): Promise<void> {
  const { length } = node.output();
  await node.restart({ untilReady: false });
  await untilTaken(node, () => node.output().slice(length), words);
  await node.untilReady();
}

async function untilTaken(node: Node, said: () => string, words: string | RegExp): Promise<void> {
  await until(() => said().search(words) >= 0 || said().includes(ALONE), { deadlineMs: CARRIED_MS, what: () => `"${words}"\n${linesThatCount(node)}` });
  if (said().includes(ALONE)) throw new TooBusy(`${node.name} was given no view`);
}

/** Starts a node that lacks a view and acts while it takes one: again when it was through before, as `act` says by false, or before anybody looked. */
async function inTheMidst(node: Node, isTaking: () => Promise<boolean>, act: (said: () => string) => Promise<boolean>): Promise<void> {
  for (let left = 5; left > 0; left--) {
    const { length } = node.output();
    const said = (): string => node.output().slice(length);
    await node.restart({ untilReady: false });
    await until(async () => (await isTaking()) || said().includes(TAKEN) || said().includes(ALONE), { what: () => `${node.name} to take a snapshot\n${node.output()}` });
    if (said().includes(ALONE)) throw new TooBusy(`${node.name} was given no view`);
    if (await act(said)) return;
    await node.stop();
    forgetData(node);
  }
  throw new Error(`${node.name} was too fast each time`);
}

function sizeTaken(node: Node): number {
  return statSync(fileOf(node, '.taken'), { throwIfNoEntry: false })?.size ?? 0;
}

/** '' before it listens. */
async function problemsOf({ api }: Node): Promise<string> {
  return api.get('//readyz').then(({ body }) => JSON.stringify(body), () => '');
}

/** Ended runs of the last hour, a kilobyte each, written while the program is down. */
async function fill(node: Node, count: number): Promise<void> {
  const database = new Database(fileOf(node), { readonly: true });
  const term = database.prepare('select value from meta where key = \'term\'').pluck().get() as number;
  const jobNumber = database.prepare('select min(number) from job').pluck().get() as number;
  database.close();
  const store = await openSqliteStore({ file: fileOf(node), log: recordingLog([]), readerEntry: READER_ENTRY });
  const from = Date.now() - 3_600_000;
  for (let made = 0; made < count; made += 1_000) {
    const insertRuns = Array.from({ length: 1_000 }, (_, index) => {
      const at = from + (made + index) * 10;
      return ended(aRun({ id: runIdToText(at, 0, jobNumber), jobNumber, namespace: NAMESPACE, app: APP, job: 'job-0', scheduledAt: at, dispatchedAt: at }), { reason: `${at} `.repeat(70) });
    });
    await store.apply(aBatch({ term, insertRuns }));
  }
  await store.close();
}
