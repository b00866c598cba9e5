import type { JobResource, JobVersionResource } from '../../../src-core/http/contract.ts';
import { api, part } from '../../api/client.ts';
import { i18n } from '../../i18n/index.svelte.ts';
import { errorText } from '../../lib/errors.ts';
import { definitionOf } from '../../parts/definition.ts';
import { route } from '../../state/route.svelte.ts';
import { toasts } from '../../state/toasts.svelte.ts';

/** Makes the job what it was; a deleted one is made anew. The toast offers the way back. Rejects with ApiError: 412 when it was changed meanwhile. */
export async function restoreVersion({ version, definition }: JobVersionResource, job: JobResource | undefined, changed: () => unknown): Promise<void> {
  const t = i18n.t.job.changes;
  if (definition === null) return;
  if (job === undefined) {
    const made = await api.post<JobResource>('jobs', definition);
    toasts.ok(t.restored(version));
    route.go(`/jobs/${made.id}`, { tab: 'changes' });
    return;
  }
  const path = `jobs/${part(job.id)}`;
  const restored = await api.put<JobResource>(path, definition, job.version);
  changed();
  toasts.ok(t.restored(version), { label: i18n.t.common.undo, run: () => void undo(path, job, restored, changed) });
}

async function undo(path: string, before: JobResource, restored: JobResource, changed: () => unknown): Promise<void> {
  try {
    await api.put(path, definitionOf(before), restored.version);
    toasts.ok(i18n.t.job.changes.undone);
    changed();
  } catch (error) {
    toasts.bad(errorText(error, i18n.t));
  }
}
