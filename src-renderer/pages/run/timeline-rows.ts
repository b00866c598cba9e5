import type { RunResource, SentMessageResource, SubRunResource } from '../../../src-core/http/contract.ts';
import type { BarTone, TimelineRow } from '../../charts/timeline.ts';
import type { Messages } from '../../i18n/index.svelte.ts';
import { formatDuration } from '../../lib/format.ts';
import { link } from '../../state/route.svelte.ts';

export interface TimelineParts {
  readonly run: RunResource;
  /** Oldest first, the run among them. */
  readonly attempts: readonly RunResource[];
  readonly messages: readonly SentMessageResource[];
  readonly subRuns: readonly SubRunResource[];
}

const TONES: Record<RunResource['state'], BarTone> = { delayed: 'wait', waiting: 'wait', active: 'busy', completed: 'ok', failed: 'bad', expired: 'warn', cancelled: 'idle' };

/** The attempts one below the other; below the one in view its steps and sub-runs. */
export function timelineRows({ run, attempts, messages, subRuns }: TimelineParts, now: number, t: Messages): readonly TimelineRow[] {
  return attempts.flatMap((attempt) => {
    const row = attemptRow(attempt, attempt.taskId === run.taskId, attempts.length > 1, now, t);
    if (attempt.taskId !== run.taskId) return [row];
    return [row, ...stepRows(run, messages, now, t), ...subRuns.toReversed().map((sub) => subRow(sub, run, now, t))];
  });
}

function attemptRow(attempt: RunResource, isThis: boolean, isOneOfMany: boolean, now: number, t: Messages): TimelineRow {
  const words = t.run.timeline;
  const scheduled = ms(attempt.scheduledAt) ?? now;
  const dispatched = ms(attempt.dispatchedAt);
  const ended = ms(attempt.endedAt);
  const expires = ms(attempt.expiresAt);
  const waitedTo = dispatched ?? ended ?? now;
  const ran = dispatched === undefined ? undefined : Math.max(0, (ended ?? now) - dispatched);
  const said = ran === undefined ? words.waited(formatDuration(waitedTo - scheduled)) : ended === undefined ? words.runs(formatDuration(Math.floor(ran / 1000) * 1000)) : words.ran(formatDuration(ran));
  return {
    key: attempt.taskId, level: 0,
    label: words.attempt(attempt.attempt),
    detail: isThis && isOneOfMany ? `${words.thisAttempt} · ${t.states.run[attempt.state]}` : t.states.run[attempt.state],
    ...(isThis ? {} : { href: link(`/runs/${attempt.taskId}`) }),
    bars: [
      { from: scheduled, to: waitedTo, tone: 'wait' },
      ...(dispatched === undefined ? [] : [{ from: dispatched, to: ended ?? now, tone: TONES[attempt.state] }]),
    ],
    text: said,
    ...(expires === undefined ? {} : { mark: { at: expires, label: words.expires } }),
  };
}

/** Of map: from one message to the next. */
function stepRows(run: RunResource, messages: readonly SentMessageResource[], now: number, t: Messages): readonly TimelineRow[] {
  if (run.category !== 'map') return [];
  const steps = messages.filter(({ subject }) => /\.job\.(pre-)?start\./.test(subject)).toSorted((a, b) => a.sequence - b.sequence);
  return steps.map(({ sequence, subject, at }, index) => {
    const from = ms(at) ?? now;
    const to = ms(steps[index + 1]?.at ?? run.endedAt) ?? now;
    return {
      key: `step ${sequence}`, level: 1, label: subject.includes('.pre-start.') ? t.run.timeline.first : t.run.timeline.second,
      bars: [{ from, to, tone: index < steps.length - 1 ? 'ok' : TONES[run.state] }], text: formatDuration(Math.max(0, to - from)),
    };
  });
}

function subRow(sub: SubRunResource, run: RunResource, now: number, t: Messages): TimelineRow {
  const words = t.run.timeline;
  const from = ms(sub.startedAt) ?? (sub.kind === 'target' ? ms(run.dispatchedAt) : undefined) ?? ms(sub.createdAt) ?? now;
  const ended = ms(sub.endedAt) ?? (sub.kind === 'target' ? ms(run.endedAt) : from);
  const to = Math.max(from, ended ?? now);
  const name = sub.sceneName || sub.sceneId || (sub.kind === 'target' ? words.target(sub.number) : sub.kind === 'answer' ? words.answer(sub.number) : words.flow(sub.number));
  return {
    key: `${sub.kind} ${sub.number}`, level: 1, label: name, detail: [sub.workerId, t.states.answer[sub.status] ?? sub.status].filter(Boolean).join(' · '),
    bars: [{ from, to, tone: toneOf(sub.status) }], text: formatDuration(to - from),
  };
}

function toneOf(status: string): BarTone {
  if (status === 'success') return 'ok';
  if (status === 'fail') return 'bad';
  return status === 'expired' ? 'warn' : status === 'cancelled' ? 'idle' : 'busy';
}

function ms(at: string | null | undefined): number | undefined {
  return at === null || at === undefined ? undefined : Date.parse(at);
}
