import { MSG_ID_HEADER } from './headers.ts';
import { parseStreamSubject } from './parse-subject.ts';
import { monitorSubject } from './subjects.ts';

/** Subjects, with wildcards, of everything the scheduler sends about runs of the job; no two of them meet. */
export function subjectsOfRun(ns: string, app: string, job: string): readonly string[] {
  return [`natsjob.job.*.${ns}.${app}.${job}`, `natsjob.job.*.${ns}.${app}.${job}.*`, `natsjob.run.*.${ns}.${app}.${job}`, monitorSubject(ns, app)];
}

/** Whether a message of those subjects is about the run: by its message id, else by its subject or body. */
export function isMessageOfRun({ subject, text, header }: { subject: string; text: string; header(name: string): string }, taskId: string): boolean {
  const id = header(MSG_ID_HEADER);
  if (id === taskId || id.startsWith(`${taskId}:`)) return true;
  const address = parseStreamSubject(subject);
  if (address.kind === 'cancel') return address.taskId === taskId;
  return address.kind === 'monitor' && text.includes(`"taskId":"${taskId}"`);
}
