import { expect } from 'vitest';
import type { ApiAnswer, ProgramApi } from './program-api.ts';
import { until } from './until.ts';

/** Why a run is not sent that would be a moment later. */
const PASSING = ['nats-down', 'not-leader'];
/** Tests ask by the hundred at once: all of them asking again without a pause would keep a busy scheduler from coming back. */
const AGAIN_MS = 200;

/** Makes what a test sets up; rejects when it is refused for good. */
export async function create(api: ProgramApi, path: string, body: object): Promise<void> {
  let isRefused = false;
  const answer = await untilAvailable(() => api.post(path, body), () => { isRefused = true; });
  // What was refused for want of NATS may have been written all the same.
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: isRefused && answer.status === 409 ? 409 : 201 });
}

/** Asks again as long as the answer says to: while a NATS server stands still for two seconds, nothing is taken. */
export function untilAvailable(ask: () => Promise<ApiAnswer>, refused: () => void = () => {}): Promise<ApiAnswer> {
  let last = '';
  return until(async () => {
    const answer = await ask();
    if (!answer.headers.has('retry-after') && !PASSING.includes(answer.body?.reason)) return answer;
    refused();
    last = `${answer.status} ${JSON.stringify(answer.body)}`;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    return false;
  }, { what: () => `what is set up to be taken: ${last}` });
}
