import type { Failure } from '../remote/dialect.ts';
import { systemFailure } from '../remote/system-failure.ts';

/** Numbers from the driver's sources and the product's list of errors; none was seen from a live server. */
const KINDS: Readonly<Record<Failure['kind'], readonly number[]>> = {
  away: [6001, 6002, 6060, 6091, 20009, -70028, -70019, -2512],
  refused: [-2501, -2502, -2503, -2508, -2510, -2103, -5504, -5505, -5506, -5507, -5515, 6073, 20012],
  slow: [20010, -6403, -6407, -7088, -7131],
  full: [-523, -526, -528],
  'read-only': [-510, -710, -802],
  'table-missing': [-2106],
  ours: [],
};

export function explainDm(error: unknown): Failure {
  const { errCode = 0, message = String(error) } = error as { errCode?: number; message?: string };
  for (const [kind, numbers] of Object.entries(KINDS)) if (numbers.includes(errCode)) return { kind: kind as Failure['kind'], code: String(errCode), detail: message };
  return systemFailure(error) ?? { kind: 'ours', code: String(errCode), detail: message };
}
