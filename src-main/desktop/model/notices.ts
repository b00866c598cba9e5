import type { Texts } from './texts.ts';
import { clockWords, lengthWords } from './time-words.ts';

/** Something that happened which a person may want to know. Times are epoch milliseconds. */
export type Happening =
  | { readonly kind: 'failure'; readonly runId: string; readonly job: string; readonly reason: string; readonly expired: boolean }
  | { readonly kind: 'recovered'; readonly runId: string; readonly job: string }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly caughtUp: number; readonly skipped: number; readonly asleep: boolean }
  | { readonly kind: 'dirty-exit'; readonly lastSeenAt: number; readonly running: number };

/** One notification. Those of a group stand together; `page` is where a click leads in the panel. */
export interface Notice {
  readonly id: string;
  readonly group: 'runs' | 'gaps' | 'program';
  readonly title: string;
  readonly body: string;
  readonly page: string;
}

export const FAILURES_PAGE = '/runs?state=failed,expired';

/** So many notices of runs in a stretch are shown one by one; the rest of it becomes one sum at its end. */
const SINGLE_NOTICES = 3;
const STRETCH_MS = 60_000;
const BODY_LENGTH = 200;

export interface NoticeBoard {
  /** What to show at once. */
  take(happening: Happening, now: number): Notice | undefined;
  /** When `sum` has something to say; undefined: nothing is held back. */
  sumDueAt(): number | undefined;
  /** What was held back, and the end of the stretch. */
  sum(): Notice | undefined;
}

/** Groups and limits notices, so that a broken worker is one line and not a hundred. Knows no clock. */
export function noticeBoard(texts: Texts): NoticeBoard {
  let stretchFrom = -Infinity;
  let shown = 0;
  let held = 0;
  return {
    take(happening, now) {
      if (happening.kind === 'gap') return gapNotice(happening, texts);
      if (happening.kind === 'dirty-exit') return dirtyNotice(happening, now, texts);
      if (now - stretchFrom >= STRETCH_MS && held === 0) [stretchFrom, shown] = [now, 0];
      if (shown < SINGLE_NOTICES) {
        shown++;
        return runNotice(happening, texts);
      }
      // What has recovered is good news that can be read in the list.
      if (happening.kind === 'failure') held++;
      return undefined;
    },
    sumDueAt: () => (held > 0 ? stretchFrom + STRETCH_MS : undefined),
    sum() {
      if (held === 0) return undefined;
      const notice: Notice = { id: 'runs-sum', group: 'runs', title: texts.manyFailed(held), body: texts.manyBody, page: FAILURES_PAGE };
      [stretchFrom, shown, held] = [-Infinity, 0, 0];
      return notice;
    },
  };
}

function runNotice(happening: Extract<Happening, { kind: 'failure' | 'recovered' }>, texts: Texts): Notice {
  const { job, runId } = happening;
  // One notice for each job: a later one takes the place of the earlier.
  const common = { id: `job-${job}`, group: 'runs', page: `/runs/${runId}` } as const;
  if (happening.kind === 'recovered') return { ...common, title: texts.recoveredTitle(job), body: texts.recoveredBody };
  return { ...common, title: happening.expired ? texts.expiredTitle(job) : texts.failedTitle(job), body: happening.reason.slice(0, BODY_LENGTH) };
}

function gapNotice({ from, to, caughtUp, skipped, asleep }: Extract<Happening, { kind: 'gap' }>, texts: Texts): Notice {
  const length = lengthWords(to - from);
  return { id: `gap-${to}`, group: 'gaps', title: asleep ? texts.sleptTitle(length) : texts.awayTitle(length), body: texts.gapBody(caughtUp, skipped), page: '/runs' };
}

function dirtyNotice({ lastSeenAt, running }: Extract<Happening, { kind: 'dirty-exit' }>, now: number, texts: Texts): Notice {
  return { id: 'dirty-exit', group: 'program', title: texts.dirtyTitle, body: texts.dirtyBody(clockWords(lastSeenAt, now), running), page: '/runs' };
}
