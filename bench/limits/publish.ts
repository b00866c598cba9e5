// Publishing the bytes of a lite or plus dispatch and nothing else, as fast as the server takes them.
import { connect, createInbox } from '@nats-io/transport-node';
import type { MsgHdrs } from '@nats-io/transport-node';
import { sideOptions, tell } from '../support/side.ts';

const JOBS = 1_000;
const PUBLISHES_A_TURN = 250;
/** plus: acknowledgements of the stream waited for. lite: answers to a ping after each turn. */
const MOST_UNACKED = 3_000;
const MOST_PINGS = 4;
const EPOCH = 1_577_836_800_000;

const { url, model } = sideOptions<{ url: string; model: 'lite' | 'plus' }>();
const connection = await connect({ servers: url });
const inbox = `${createInbox()}.`;
const encoder = new TextEncoder();
let published = 0;
let acknowledged = 0;
let pings = 0;
connection.subscribe(`${inbox}*`, { callback: () => { acknowledged++; } });
await connection.flush();
tell({ type: 'ready' });
process.once('message', () => (model === 'lite' ? void sendLite() : sendPlus()));
process.on('disconnect', () => process.exit());

async function sendLite(): Promise<never> {
  for (;;) {
    for (let count = 0; count < PUBLISHES_A_TURN; count++) {
      const job = published % JOBS;
      connection.publish(`natsjob-void.job.start.bench.load.job${job}`, body(String(nextId()), job));
    }
    pings++;
    const answered = connection.flush().then(() => { pings--; });
    if (pings >= MOST_PINGS) await answered;
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

function sendPlus(): void {
  for (let count = 0; count < PUBLISHES_A_TURN && published - acknowledged < MOST_UNACKED; count++) {
    const job = published % JOBS;
    const id = String(nextId());
    const header = encoder.encode(`NATS/1.0\r\nNats-Msg-Id: ${id}\r\nNatsjob-Term: 1\r\n\r\n`);
    connection.publish(`natsjob.job.start.bench.load.job${job}`, body(id, job), {
      reply: inbox + (published & 1023), headers: { encode: () => header } as unknown as MsgHdrs,
    });
  }
  setImmediate(sendPlus);
}

function nextId(): bigint {
  return (BigInt(Date.now() - EPOCH) << 22n) | BigInt(published++ & 0x1fffff);
}

let stampedAt = 0;
let created = '';

function body(id: string, job: number): string {
  const now = Date.now();
  if (now !== stampedAt) {
    stampedAt = now;
    created = new Date(now).toISOString().replace('T', ' ').slice(0, -1);
  }
  return `{"taskId":"${id}","namespace":"bench","appName":"load","jobName":"job${job}","jobCategory":"standalone","jobModel":"${model}","condition":"","jobArgs":"bench","jobCreatedAt":"${created}","jobExpireTime":"","jobEndKvKey":"","jobEndResultKvBucket":"","jobRunningCount":0,"nextPayload":""}`;
}
