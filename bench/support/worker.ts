// A worker with the plain NATS client: takes runs from a queue group and answers each with success. Also counts.
import { connect, createInbox } from '@nats-io/transport-node';
import { sideOptions, tell } from './side.ts';

const KEY_FIELD = '"jobEndKvKey":"';
const RESULTS = '$KV.natsjob-job-results.';

const { url, subject } = sideOptions<{ url: string; subject: string }>();
const connection = await connect({ servers: url });
const body = new TextEncoder().encode('{"status":"success","reason":"ok","clientId":"bench-1"}');
const inbox = `${createInbox()}.`;
let answered = 0;
let stored = 0;

connection.subscribe(`${inbox}*`, { callback: () => { stored++; } });
connection.subscribe(subject, {
  queue: 'bench',
  callback: (_error, message) => {
    const text = message.string();
    const from = text.indexOf(KEY_FIELD) + KEY_FIELD.length;
    answered++;
    connection.publish(RESULTS + text.slice(from, text.indexOf('"', from)), body, { reply: inbox + (answered & 1023) });
  },
});
await connection.flush();
process.on('message', () => tell({ type: 'counts', answered, stored } as { type: string }));
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });
