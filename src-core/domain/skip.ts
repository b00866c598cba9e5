import type { SkipReason } from './run.ts';

/** Skipped fires of one job for one reason in one hour. */
export interface SkipCount {
  readonly jobNumber: number;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly reason: SkipReason;
  /** Start of the hour, epoch ms. */
  readonly hour: number;
  readonly count: number;
  readonly lastAt: number;
}
