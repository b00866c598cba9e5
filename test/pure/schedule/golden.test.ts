import { describe, expect, test } from 'vitest';
import { parseSchedule, ScheduleError, type DstPolicy } from '../../../src-core/schedule/index.ts';
import { readRows, type DstRow, type RobfigRow } from './goldenRows.ts';

const POLICIES: readonly DstPolicy[] = ['once', 'skip', 'compat'];

describe('a schedule fires when robfig/cron says', () => {
  const rows = readRows<RobfigRow>('cron-robfig.json');
  test('the table is there', () => expect(rows.length).toBeGreaterThan(500));

  for (const [zone, group] of byZone(rows)) {
    test(`in ${zone}, and differs only on purpose`, () => {
      for (const row of group) {
        const wanted = row.differs === undefined ? (row.robfig ?? 'refused') : (row.ours ?? `refused: ${row.oursError}`);
        const got = firesOf(row);
        const shown = wanted === 'refused' && typeof got === 'string' ? 'refused' : got;
        expect(shown, `${row.expression} in ${row.zone} from ${row.from}`).toEqual(wanted);
        if (row.differs !== undefined) expect(got, `${row.expression} does not differ`).not.toEqual(row.robfig);
      }
    });
  }
});

describe('a fixed local time over a change of the clock', () => {
  for (const [zone, rows] of byZone(readRows<DstRow>('cron-dst.json'))) {
    test(`in ${zone} fires as its dst policy says`, () => {
      for (const row of rows) {
        for (const dst of POLICIES) expect(firesWithin(row, dst), `${row.time} from ${row.from}, ${dst}`).toEqual(row[dst]);
      }
    });
  }
});

function firesOf(row: RobfigRow): string[] | string {
  const from = Date.parse(row.from);
  try {
    const schedule = parseSchedule({ expression: row.expression, timezone: row.zone, dst: 'compat', anchor: from });
    const fires: string[] = [];
    for (let at = schedule.next(from); at !== undefined && fires.length < (row.count ?? 5); at = schedule.next(at)) fires.push(iso(at));
    return fires;
  } catch (error) {
    if (error instanceof ScheduleError) return `refused: ${error.field}`;
    throw error;
  }
}

function firesWithin(row: DstRow, dst: DstPolicy): string[] {
  const [hour, minute, second] = row.time.split(':').map(Number);
  const expression = `${second} ${minute} ${hour} * * *`;
  const schedule = parseSchedule({ expression, timezone: row.zone, dst, anchor: 0 });
  const end = Date.parse(row.from) + row.days * 86_400_000;
  const fires: string[] = [];
  for (let at = schedule.next(Date.parse(row.from)); at !== undefined && at < end; at = schedule.next(at)) fires.push(iso(at));
  return fires;
}

function byZone<T extends { zone: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(row.zone, [...(groups.get(row.zone) ?? []), row]);
  return groups;
}

function iso(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
