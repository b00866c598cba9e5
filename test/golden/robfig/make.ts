// Writes ../cron-robfig.json and ../cron-dst.json. See README.md.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseSchedule, ScheduleError, type DstPolicy } from '../../../src-core/schedule/index.ts';
import type { DstRow, RobfigRow } from '../../pure/schedule/goldenRows.ts';
// @ts-expect-error a plain list without types
import { questions } from './rows.mjs';

const answers = execFileSync('go', ['run', '.'], { cwd: import.meta.dirname, input: JSON.stringify(questions), maxBuffer: 1 << 26 });
const table = JSON.parse(answers.toString()) as { rows: RobfigRow[]; dst: DstRow[] };

for (const row of table.rows) {
  if (row.differs !== undefined) Object.assign(row, oursFor(row, 'compat'));
}
write('cron-robfig.json', table.rows);
write('cron-dst.json', table.dst);

function oursFor(row: RobfigRow, dst: DstPolicy): { ours?: string[]; oursError?: string } {
  try {
    const schedule = parseSchedule({ expression: row.expression, timezone: row.zone, dst, anchor: Date.parse(row.from) });
    const ours: string[] = [];
    for (let at = schedule.next(Date.parse(row.from)); at !== undefined && ours.length < (row.count ?? 5); at = schedule.next(at)) {
      ours.push(new Date(at).toISOString().replace('.000Z', 'Z'));
    }
    return { ours };
  } catch (error) {
    if (error instanceof ScheduleError) return { oursError: error.field };
    throw error;
  }
}

function write(name: string, rows: readonly unknown[]): void {
  writeFileSync(`${import.meta.dirname}/../${name}`, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
}
