import type { RunResource, RunSummary, SentMessageResource, StartedRun } from '../../../src-core/http/contract.ts';
import { ApiError, api } from '../../api/client.ts';
import { i18n } from '../../i18n/index.svelte.ts';
import { copyText } from '../../lib/copy.ts';
import { errorText } from '../../lib/errors.ts';
import { route } from '../../state/route.svelte.ts';
import { toasts } from '../../state/toasts.svelte.ts';
import { natsPubOf } from '../copy-as.ts';

export function isOpen(run: Pick<RunSummary, 'state'>): boolean {
  return run.state === 'delayed' || run.state === 'waiting' || run.state === 'active';
}

/** Resolves with the ended run. Rejects with ApiError: 409 when it has ended already. */
export async function cancelRun(taskId: string): Promise<RunResource> {
  const run = await api.post<RunResource>(`runs/${taskId}/cancel`);
  toasts.ok(i18n.t.runs.cancelled(taskId));
  return run;
}

/** The same again, with other args when given. Rejects with ApiError: 409 says why it was not started. */
export async function rerun(taskId: string, args?: unknown): Promise<StartedRun> {
  const started = await api.post<StartedRun>(`runs/${taskId}/rerun`, args === undefined ? {} : { args });
  toasts.ok(i18n.t.runs.restarted(started.taskId), { label: i18n.t.runs.showRun, run: () => route.go(`/runs/${started.taskId}`) });
  return started;
}

/** The reason in words when the scheduler says it, else what the server says. */
export function whyNotStarted(error: unknown): string {
  const reason = error instanceof ApiError ? error.problem?.reason : undefined;
  const { skip, skipHint } = i18n.t.states;
  if (reason === undefined || skip[reason] === undefined) return errorText(error, i18n.t);
  return `${i18n.t.runs.notStarted(skip[reason])}. ${skipHint[reason] ?? ''}`.trim();
}

/** As `act`, with what goes wrong told in a toast. */
export async function orTell(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    toasts.bad(whyNotStarted(error));
  }
}

export async function copyOrTell(text: string): Promise<void> {
  if (await copyText(text)) toasts.ok(i18n.t.runs.copiedToast);
  else toasts.bad(i18n.t.common.copyFailed);
}

/** Shell lines that publish again what was sent to workers; undefined when the stream keeps it no longer. */
export async function natsCommand(taskId: string): Promise<string | undefined> {
  const { items } = await api.get<{ items: readonly SentMessageResource[] }>(`runs/${taskId}/messages`);
  const dispatched = items.filter(({ subject }) => /\.job\.[a-z-]*start\./.test(subject));
  return dispatched.length === 0 ? undefined : dispatched.map(({ subject, text }) => natsPubOf(subject, text)).join('\n');
}
