import type { ProgramApi } from './program-api.ts';
import { until } from './until.ts';

/** Disables all jobs of the namespace. NATS or a leader may be away for a moment: whoever is refused asks again. */
export async function disableAll(api: ProgramApi, namespace: string): Promise<void> {
  let last = '';
  await until(async () => {
    const { status, body } = await api.post('/jobs/bulk', { filter: { namespace }, action: 'disable' });
    last = `${status} ${JSON.stringify(body)}`;
    return status === 200 && body.matched === body.done;
  }, { what: () => `all jobs to be disabled: ${last}` });
}
