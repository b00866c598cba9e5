import type { JobResource } from '../../src-core/http/contract.ts';
import { api, ApiError, part } from '../api/client.ts';
import { i18n } from '../i18n/index.svelte.ts';
import { errorText } from '../lib/errors.ts';
import { toasts } from '../state/toasts.svelte.ts';
import { keyOf } from './copy-as.ts';
import { definitionOf } from './definition.ts';

/**
 * Enables, disables or pauses a job. Resolves with the job as it is then: when somebody else changed it in the
 * meantime that is told, and nothing is done. Undefined when it could not be done; that is told too.
 */
export async function changeState(job: JobResource, state: JobResource['state']): Promise<JobResource | undefined> {
  const { t } = i18n;
  try {
    const changed = await api.patch<JobResource>(`jobs/${part(job.id)}`, { state }, job.version);
    toasts.ok(t.jobs.stateChanged(job.name, t.states.job[state]));
    return changed;
  } catch (error) {
    return changedMeanwhile(job, error);
  }
}

/** Deletes the job; the toast offers to make it again. Resolves with false when it was not deleted, which is told. */
export async function deleteJob(job: JobResource, changed: (job?: JobResource) => unknown): Promise<void> {
  const { t } = i18n;
  try {
    await api.remove(`jobs/${part(job.id)}`, job.version);
    changed();
    toasts.ok(t.jobs.deleted(job.name), { label: t.common.undo, run: () => void recreateJob(job).then((made) => made && changed(made)) });
  } catch (error) {
    const now = await changedMeanwhile(job, error);
    if (now) changed(now);
  }
}

/** Makes a deleted job again from what it was. It gets a new id; the runs it had stay with the old one. */
export async function recreateJob(job: JobResource): Promise<JobResource | undefined> {
  try {
    const made = await api.post<JobResource>('jobs', definitionOf(job));
    toasts.ok(i18n.t.jobs.recreated(keyOf(job)));
    return made;
  } catch (error) {
    toasts.bad(errorText(error, i18n.t));
    return undefined;
  }
}

async function changedMeanwhile(job: JobResource, error: unknown): Promise<JobResource | undefined> {
  if (!(error instanceof ApiError && error.status === 412)) {
    toasts.bad(errorText(error, i18n.t));
    return undefined;
  }
  toasts.bad(i18n.t.jobs.changedMeanwhile(job.name));
  try {
    return await api.get<JobResource>(`jobs/${part(job.id)}`);
  } catch (again) {
    toasts.bad(errorText(again, i18n.t));
    return undefined;
  }
}
