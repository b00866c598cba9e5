import type { JobResource } from '../../src-core/http/contract.ts';

export type Addressed = Pick<JobResource, 'namespace' | 'app' | 'name' | 'category' | 'model'>;

export interface SubjectLine {
  /** What the message is for; `second` is the second step of map. */
  readonly role: 'start' | 'first' | 'second' | 'worker' | 'group';
  /** Ends in `<workerId>` or `<group>` where each target has its own. */
  readonly subject: string;
}

/** The subjects on which runs of a job are sent, as docs/protocol.md has them. */
export function subjectsOf({ namespace, app, name, category, model }: Addressed): readonly SubjectLine[] {
  const root = model === 'lite' ? 'natsjob-void' : 'natsjob';
  const at = (action: string, tail = ''): string => `${root}.job.${action}.${namespace}.${app}.${name}${tail}`;
  if (category === 'group') return [{ role: 'group', subject: at('group-start', '.<group>') }];
  if (model === 'ultra') return [{ role: 'worker', subject: at('client-start', '.<workerId>') }];
  if (category !== 'map') return [{ role: 'start', subject: at('start') }];
  const first = { role: 'first', subject: at('pre-start') } as const;
  return model === 'lite' || model === 'plus' ? [first] : [first, { role: 'second', subject: at('start') }];
}

/** What one worker subscribes to for the job. `group` is only looked at for category group. */
export function workerSubjectOf(job: Addressed, workerId: string, group = ''): string {
  const [line] = subjectsOf(job);
  return (line?.subject ?? '').replace('<workerId>', workerId).replace('<group>', group === '' ? '*' : group);
}

/** With `*` for each target: for one who wants to see them all. */
export function watchSubjectOf(job: Addressed): string {
  return workerSubjectOf(job, '*', '*');
}
