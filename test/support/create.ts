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
  let last: ApiAnswer | undefined;
  return until(async () => {
    last = await ask();
    if (!isPassing(last)) return last;
    refused();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    return false;
  }, { what: () => `what was asked for to be taken (${last?.status} ${JSON.stringify(last?.body)})` });
}

/** The same client, and it asks again in the same way: for tests that are not about times in which nobody leads. */
export function patientApi(api: ProgramApi): ProgramApi {
  const again = (path: string, ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> => (path.startsWith('//') ? ask() : untilAvailable(ask));
  return {
    ...api,
    get: (path, headers) => again(path, () => api.get(path, headers)),
    post: (path, body, headers) => again(path, () => api.post(path, body, headers)),
    put: (path, body, headers) => again(path, () => api.put(path, body, headers)),
    patch: (path, body, headers) => again(path, () => api.patch(path, body, headers)),
    del: (path, headers) => again(path, () => api.del(path, headers)),
  };
}

/** Nothing was done, and it makes sense to ask again. */
function isPassing({ status, headers, body }: ApiAnswer): boolean {
  return (status === 503 && headers.has('retry-after')) || (status === 409 && PASSING.includes(body?.reason));
}
