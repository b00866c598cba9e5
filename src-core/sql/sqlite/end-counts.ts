import type { EndTotals } from '../../ports/index.ts';
import { ALL_JOBS, mergeRow, type RollUp, type RollUpRow } from '../roll-up.ts';
import type { Connection } from './connection.ts';
import { decodeEnds, encodeEnds } from './pending-ends.ts';
import type { EndTotalsQuery } from './read/end-totals.ts';
import type { Param } from './run-row.ts';

/** A batch with fewer is not worth the detour. */
const FEW_ROWS = 32;
const PARTS = 32;
/** A part is entered when it has this many rows: about 3 ms of work. */
const MOST_ROWS = 2_000;
const LONGEST_MS = 10_000;
/** Ids of a part's batches: from part × this on. */
const PART_IDS = 2 ** 40;

interface Part {
  readonly rows: Map<number, RollUpRow>;
  /** When the oldest of them came, by performance.now(). */
  since: number;
  nextId: number;
}

/**
 * The roll-ups of ends. When many jobs end runs, a row of `end_count` for each costs half as much as the run itself: each is
 * on another page. So such a batch writes its roll-ups as they are, a few blobs at the end of `end_pending`, in the
 * same transaction as its runs; memory holds their sum, and a part of it at a time is entered into `end_count`, its blobs
 * deleted in one transaction with that. The sums over all jobs are always entered at once.
 */
export class EndCounts {
  /** How often pending roll-ups became rows: what a reader saw before and what is pending after do not add up. */
  entered = 0;
  private readonly statements: ReturnType<typeof prepare>;
  private readonly parts: Part[];

  /** Takes up what an earlier process has left pending. */
  constructor(connection: Connection) {
    this.statements = prepare(connection);
    this.parts = Array.from({ length: PARTS }, (_, index) => ({ rows: new Map(), since: performance.now(), nextId: index * PART_IDS }));
    for (const { id, rows } of this.statements.pending.iterate() as Iterable<{ id: number; rows: Buffer }>) {
      const part = this.parts[Math.floor(id / PART_IDS)] as Part;
      part.nextId = id + 1;
      for (const row of decodeEnds(rows)) add(part, row);
    }
  }

  /** Within a transaction; what it returns is to be called once that is committed. */
  write(rollUp: RollUp): () => void {
    const rows = [...rollUp.rows()];
    const due = this.parts.findIndex((part) => part.rows.size >= MOST_ROWS || (part.rows.size > 0 && performance.now() - part.since >= LONGEST_MS));
    if (due >= 0) this.enter(due);
    const later: RollUpRow[][] = Array.from({ length: PARTS }, () => []);
    for (const row of rows) {
      const part = row.jobNumber % PARTS;
      if (row.jobNumber === ALL_JOBS || rows.length < FEW_ROWS || part === due) this.put(row);
      else later[part]?.push(row);
    }
    for (const [index, own] of later.entries()) {
      if (own.length > 0) this.statements.putPending.run((this.parts[index] as Part).nextId++, encodeEnds(own));
    }
    return () => this.committed(due, later);
  }

  /** Adds what is pending to what a reader found. */
  addPending(found: readonly EndTotals[], query: EndTotalsQuery): readonly EndTotals[] {
    if (query.jobNumbers === undefined || this.parts.every((part) => part.rows.size === 0)) return found;
    const jobs = new Set(query.jobNumbers);
    const width = Math.max(1, Math.floor(query.bucketMs / 60_000));
    const totals = new Map(found.map((each) => [each.bucket, { ...each }]));
    for (const { rows } of this.parts) {
      for (const row of rows.values()) {
        if (!jobs.has(row.jobNumber) || row.minute * 60_000 < query.from || row.minute * 60_000 >= query.to) continue;
        const bucket = Math.floor(row.minute / width) * width * 60_000;
        const { minute: _, jobNumber: __, ...sums } = row;
        const known = totals.get(bucket);
        if (known === undefined) totals.set(bucket, { bucket, ...sums });
        else mergeRow(known, row);
      }
    }
    return [...totals.values()].sort((a, b) => a.bucket - b.bucket);
  }

  /** In the order of the keys: neighbours share a page. */
  private enter(index: number): void {
    const { rows } = this.parts[index] as Part;
    for (const key of [...rows.keys()].sort((a, b) => a - b)) this.put(rows.get(key) as RollUpRow);
    this.statements.dropPending.run(index * PART_IDS, (index + 1) * PART_IDS);
  }

  private put(row: RollUpRow): void {
    this.statements.add.run(
      row.minute, row.jobNumber, row.completed, row.failed, row.expired, row.cancelled,
      row.durationMsSum, row.durationMsMax, row.latenessMsSum, row.latenessMsMax,
    );
  }

  private committed(entered: number, later: readonly RollUpRow[][]): void {
    if (entered >= 0) {
      this.parts[entered]?.rows.clear();
      this.entered++;
    }
    for (const [index, rows] of later.entries()) for (const row of rows) add(this.parts[index] as Part, row);
  }
}

function add(part: Part, row: RollUpRow): void {
  if (part.rows.size === 0) part.since = performance.now();
  // Minutes first, so that keys have the order of the table's.
  const key = row.minute * 2 ** 21 + row.jobNumber;
  const known = part.rows.get(key);
  if (known === undefined) part.rows.set(key, row);
  else mergeRow(known, row);
}

function prepare(connection: Connection) {
  return {
    add: connection.prepare<Param[]>(`insert into end_count values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (minute, job_number) do update set completed = completed + excluded.completed, failed = failed + excluded.failed,
        expired = expired + excluded.expired, cancelled = cancelled + excluded.cancelled,
        duration_ms_sum = duration_ms_sum + excluded.duration_ms_sum, duration_ms_max = max(duration_ms_max, excluded.duration_ms_max),
        lateness_ms_sum = lateness_ms_sum + excluded.lateness_ms_sum, lateness_ms_max = max(lateness_ms_max, excluded.lateness_ms_max)`),
    pending: connection.prepare('select id, rows from end_pending order by id'),
    putPending: connection.prepare<[number, Buffer]>('insert into end_pending (id, rows) values (?, ?)'),
    dropPending: connection.prepare<[number, number]>('delete from end_pending where id >= ? and id < ?'),
  };
}
