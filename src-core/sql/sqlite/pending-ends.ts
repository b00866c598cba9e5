import type { RollUpRow } from '../roll-up.ts';

const NUMBERS = 10;

/** Roll-ups as a blob: ten little-endian doubles each. */
export function encodeEnds(rows: readonly RollUpRow[]): Buffer {
  const numbers = new Float64Array(rows.length * NUMBERS);
  let at = 0;
  for (const row of rows) {
    numbers[at++] = row.minute;
    numbers[at++] = row.jobNumber;
    numbers[at++] = row.completed;
    numbers[at++] = row.failed;
    numbers[at++] = row.expired;
    numbers[at++] = row.cancelled;
    numbers[at++] = row.durationMsSum;
    numbers[at++] = row.durationMsMax;
    numbers[at++] = row.latenessMsSum;
    numbers[at++] = row.latenessMsMax;
  }
  return Buffer.from(numbers.buffer);
}

export function decodeEnds(blob: Buffer): RollUpRow[] {
  const rows: RollUpRow[] = [];
  for (let at = 0; at + NUMBERS * 8 <= blob.length; at += NUMBERS * 8) {
    const number = (index: number): number => blob.readDoubleLE(at + index * 8);
    rows.push({
      minute: number(0), jobNumber: number(1), completed: number(2), failed: number(3), expired: number(4), cancelled: number(5),
      durationMsSum: number(6), durationMsMax: number(7), latenessMsSum: number(8), latenessMsMax: number(9),
    });
  }
  return rows;
}
