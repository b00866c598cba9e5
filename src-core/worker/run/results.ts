/** Looking into the bucket of results: rare, for what was handed out again and for the second step of a map run. */
import type { Msg } from '@nats-io/transport-node';
import { decodeEnd, kvStream, preEndKey } from '../../wire/index.ts';
import type { Dispatch, End } from '../../wire/index.ts';
import { askPatiently } from '../common/ask-patiently.ts';
import type { WorkerConnection } from '../connection.ts';
import { answerSubject } from './answer.ts';

/** Keys have a history of that many, as a rule. */
const MOST_ANSWERS = 16;
const TIMEOUT_MS = 5_000;

/** Of the server; without a message: there is none, or it may not be read. */
interface Answer {
  readonly message?: { readonly seq: number; readonly data?: string };
}

/** The valid end that counts, undefined while there is none. Rejects with the client library's errors. */
export async function endOf(connection: WorkerConnection, bucket: string, key: string): Promise<End | undefined> {
  const subject = answerSubject(bucket, key);
  if (subject === undefined) return undefined;
  const rules = { allowNext: key.startsWith('natsjob.job.pre-end.'), fromLeader: true };
  let sequence = 1;
  for (let looked = 0; looked < MOST_ANSWERS; looked++) {
    // The library asks for the last message of a subject only; it is the first good one that counts.
    const asked = JSON.stringify({ seq: sequence, next_by_subj: subject });
    const ask = (): Promise<Msg> => connection.client.request(`$JS.API.STREAM.MSG.GET.${kvStream(bucket)}`, asked, { timeout: TIMEOUT_MS });
    const { message } = (await askPatiently(connection, ask)).json<Answer>();
    if (message === undefined) return undefined;
    const end = decodeEnd(Buffer.from(message.data ?? '', 'base64').toString('utf8'), rules);
    if (end.ok) return end;
    sequence = message.seq + 1;
  }
  return undefined;
}

/** What the first step gave to `next`, '' if nothing. */
export async function payloadOfFirstStep(connection: WorkerConnection, { endBucket, namespace, app, job, taskId }: Dispatch): Promise<string> {
  const end = await endOf(connection, endBucket, preEndKey(namespace, app, job, taskId));
  return end?.status === 'success:next' ? end.reason : '';
}
