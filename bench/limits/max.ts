// The path of a `max` run with nothing around it: publish with acknowledgements into the stream, see the answer in the
// results bucket, keep a row. What a scheduler cannot well do faster with these parts in one thread. The worker is another process.
import { connect, createInbox } from '@nats-io/transport-node';
import type { MsgHdrs } from '@nats-io/transport-node';
import Database from 'better-sqlite3';
import { sideOptions, tell } from '../support/side.ts';

interface Row {
  readonly id: bigint;
  readonly job: number;
  readonly at: number;
  reason: string;
  worker: string;
}

const MOST_UNACKED = 3_000;
const MOST_OPEN = 6_000;
const PUBLISHES_A_TURN = 250;
const ROWS_A_BATCH = 500;
const EPOCH = 1_577_836_800_000;
const TIMEOUT_MS = 60_000;

const { url, file, jobs, warmUpMs, measureMs } = sideOptions<{ url: string; file: string; jobs: number; warmUpMs: number; measureMs: number }>();
const connection = await connect({ servers: url });
const database = new Database(file);
for (const pragma of ['page_size = 2048', 'journal_mode = wal', 'synchronous = normal', 'wal_autocheckpoint = 16000']) database.pragma(pragma);
database.exec('create table run (id integer primary key, job integer, state integer, scheduled_at integer, ended_at integer, reason text, worker text); create index run_job on run (job, id)');
const insert = database.prepare('insert into run (id, job, state, scheduled_at) values (?, ?, 1, ?) on conflict do nothing');
const update = database.prepare('update run set state = 2, ended_at = ?, reason = ?, worker = ? where id = ? and state = 1');
const begin = database.prepare('begin immediate');
const commit = database.prepare('commit');

const inbox = `${createInbox()}.`;
const encoder = new TextEncoder();
const open = new Map<string, Row>();
let published = 0;
let acknowledged = 0;
let ended = 0;
let started: Row[] = [];
let finished: Row[] = [];

connection.subscribe(`${inbox}*`, { callback: () => { acknowledged++; } });
connection.subscribe('$KV.natsjob-job-results.>', {
  callback: (_error, message) => {
    const id = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    const row = open.get(id);
    if (row === undefined) return;
    open.delete(id);
    const end = message.json<{ reason: string; clientId: string }>();
    row.reason = end.reason;
    row.worker = end.clientId;
    finished.push(row);
  },
});
await connection.flush();
tell({ type: 'ready' });
await new Promise((resolve) => process.once('message', resolve));

let stampedAt = 0;
let created = '';
let expires = '';
const until = { measuring: performance.now() + warmUpMs, done: performance.now() + warmUpMs + measureMs };
let from: { at: number; ended: number; cpu: NodeJS.CpuUsage } | undefined;
for (;;) {
  const now = performance.now();
  if (from === undefined && now >= until.measuring) {
    from = { at: now, ended, cpu: process.cpuUsage() };
    tell({ type: 'begin' });
  }
  // A machine that is kept busy by others may give it nothing for as long as a quick round lasts.
  if (from !== undefined && now >= until.done && ended > from.ended) break;
  publishSome();
  if (started.length + finished.length >= ROWS_A_BATCH) keep();
  await new Promise((resolve) => setImmediate(resolve));
}
const cpu = process.cpuUsage(from.cpu);
const runs = ended - from.ended;
tell({ type: 'end', runs, seconds: (performance.now() - from.at) / 1000, cpuUs: (cpu.user + cpu.system) / runs } as { type: string });
process.on('disconnect', () => process.exit());

function publishSome(): void {
  const at = Date.now();
  if (at !== stampedAt) {
    stampedAt = at;
    created = stamp(at);
    expires = stamp(at + TIMEOUT_MS);
  }
  for (let count = 0; count < PUBLISHES_A_TURN && published - acknowledged < MOST_UNACKED && open.size < MOST_OPEN; count++) {
    const job = published % jobs;
    // The millisecond grows with each round of jobs, so ids never meet.
    const id = (BigInt(at - EPOCH) << 22n) | BigInt(published & 0x1fffff);
    const text = String(id);
    const row: Row = { id, job, at, reason: '', worker: '' };
    open.set(text, row);
    started.push(row);
    const header = encoder.encode(`NATS/1.0\r\nNats-Msg-Id: ${text}\r\nNatsjob-Term: 1\r\nNatsjob-Run: 1,s,${job},1,1,${at},0,${TIMEOUT_MS},3,1,5,0,,\r\n\r\n`);
    connection.publish(
      `natsjob.job.start.bench.load.job${job}`,
      `{"taskId":"${text}","namespace":"bench","appName":"load","jobName":"job${job}","jobCategory":"standalone","jobModel":"max","condition":"","jobArgs":"bench","jobCreatedAt":"${created}","jobExpireTime":"${expires}","jobEndKvKey":"natsjob.job.end.bench.load.job${job}.${text}","jobEndResultKvBucket":"natsjob-job-results","jobRunningCount":0,"nextPayload":""}`,
      { reply: inbox + (published & 1023), headers: { encode: () => header } as unknown as MsgHdrs },
    );
    published++;
  }
}

function keep(): void {
  const [insertions, updates] = [started, finished];
  started = [];
  finished = [];
  const now = Date.now();
  begin.run();
  for (const { id, job, at } of insertions) insert.run(id, job, at);
  for (const { id, reason, worker } of updates) update.run(now, reason, worker, id);
  commit.run();
  ended += updates.length;
}

function stamp(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, -1);
}
