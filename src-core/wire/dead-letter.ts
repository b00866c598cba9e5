/** What was given up after too many tries: kept in a stream of its own, for people. */

export const DEAD_LETTERS_STREAM = 'natsjob-dead-letters';
export const DEAD_LETTERS_SUBJECTS: readonly string[] = ['natsjob-dead.>'];

export interface DeadLetter {
  /** Epoch ms by the clock of whoever gave it up. */
  readonly at: number;
  /** The subject it came on. */
  readonly subject: string;
  /** What orders it among others: a run's taskId, a message's key; '' for none. */
  readonly key: string;
  /** Why it was given up. */
  readonly error: string;
  readonly deliveries: number;
  /** As it came. */
  readonly payload: string;
}

/** A run that was handed out too often; names and id must be valid. */
export function deadRunSubject(ns: string, app: string, job: string, taskId: string): string {
  return `natsjob-dead.run.${ns}.${app}.${job}.${taskId}`;
}

export function encodeDeadLetter(letter: DeadLetter): string {
  const { at, subject, key, error, deliveries, payload } = letter;
  return JSON.stringify({ v: 1, at, subject, key, error, deliveries, payload });
}
