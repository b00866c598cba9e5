import type { SkipReason } from '../domain/run.ts';
import type { SkipItem } from '../wire/index.ts';
import { encodeSkipReport, SKIPS_SUBJECT } from '../wire/index.ts';
import type { JobRuntime } from './job-runtime.ts';

const HOUR_MS = 3_600_000;
const ITEMS_PER_MESSAGE = 500;

interface Count {
  readonly job: JobRuntime;
  readonly reason: SkipReason;
  readonly hour: number;
  count: number;
  lastAt: number;
}

/** Counts skipped fires between two reports to the log: 10,000 a second are 10,000 additions. */
export class SkipCounter {
  readonly #byReason = new Map<SkipReason, Map<number, Count>>();

  add(job: JobRuntime, reason: SkipReason, at: number, count = 1): void {
    let counts = this.#byReason.get(reason);
    if (counts === undefined) this.#byReason.set(reason, (counts = new Map()));
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const known = counts.get(job.number);
    if (known !== undefined && known.hour === hour) {
      known.count += count;
      if (at > known.lastAt) known.lastAt = at;
      return;
    }
    if (known !== undefined) this.#rest.push(known);
    counts.set(job.number, { job, reason, hour, count, lastAt: at });
  }

  /** Reports of everything counted since the last call, as messages for the log. */
  take(): { subject: string; text: string; items: number }[] {
    const counts = this.#rest;
    this.#rest = [];
    for (const byJob of this.#byReason.values()) {
      for (const count of byJob.values()) counts.push(count);
      byJob.clear();
    }
    const messages = [];
    for (let from = 0; from < counts.length; from += ITEMS_PER_MESSAGE) {
      const items = counts.slice(from, from + ITEMS_PER_MESSAGE).map(itemOf);
      messages.push({ subject: SKIPS_SUBJECT, text: encodeSkipReport({ v: 1, items }), items: items.length });
    }
    return messages;
  }

  /** Counts of an hour that ended between two reports. */
  #rest: Count[] = [];
}

function itemOf({ job, reason, hour, count, lastAt }: Count): SkipItem {
  const { namespace, app, name } = job.definition;
  return [job.number, namespace, app, name, reason, hour, count, lastAt];
}
