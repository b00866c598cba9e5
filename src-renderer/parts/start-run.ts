import type { JobResource, RunRequestBody, StartedRun } from '../../src-core/http/contract.ts';
import { api, ApiError, part } from '../api/client.ts';
import { i18n } from '../i18n/index.svelte.ts';
import { errorText } from '../lib/errors.ts';
import { route } from '../state/route.svelte.ts';
import { toasts } from '../state/toasts.svelte.ts';

export type Startable = Pick<JobResource, 'id' | 'name' | 'model'>;

/** Runs the job now and tells how that went. `explain` is what "Why?" of a refusal opens. */
export async function startRun(job: Startable, explain?: () => void, request: RunRequestBody = {}): Promise<void> {
  try {
    tellStarted(job, await api.post<StartedRun>(`jobs/${part(job.id)}/run`, request));
  } catch (error) {
    const reason = error instanceof ApiError ? error.problem?.reason : undefined;
    const { t } = i18n;
    if (reason === undefined) toasts.bad(errorText(error, t));
    else toasts.bad(t.parts.refused(job.name, t.states.skip[reason] ?? reason), explain && { label: t.parts.why, run: explain });
  }
}

/** A toast with the way to the run, where the model keeps one. */
export function tellStarted({ name, model }: Pick<Startable, 'name' | 'model'>, { taskId, state }: StartedRun): void {
  const t = i18n.t.parts;
  if (model === 'lite' || model === 'plus') {
    toasts.ok(t.sent(name));
    return;
  }
  const text = state === 'delayed' ? t.startedLater(name) : state === 'waiting' ? t.startedWaiting(name) : t.started(name);
  toasts.ok(text, { label: t.openRun, run: () => route.go(`/runs/${taskId}`) });
}
