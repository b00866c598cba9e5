import type { Failure } from '../remote/dialect.ts';
import { systemFailure } from '../remote/system-failure.ts';

/** Numbers of server errors. What is not listed is a fault of ours. */
const KINDS: Readonly<Record<Failure['kind'], readonly number[]>> = {
  away: [1040, 1053, 1077, 1080, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927, 2006, 2013, 3169, 4031],
  refused: [1044, 1045, 1049, 1130, 1142, 1143, 1227, 1251, 1275, 1370, 1698, 1820, 1862, 3159, 4151],
  slow: [1205, 1213, 1317, 1969, 3024, 3572],
  full: [1021, 1114, 1041, 1037, 1038, 3676],
  'read-only': [1290, 1792, 1836],
  'table-missing': [1146],
  ours: [],
};
/** Of these the number says only that something of the storage engine went wrong; 28 is the system's for a full disk. */
const ENGINE = [1026, 1030, 1003, 1004, 1005];

const DRIVER_AWAY = new Set(['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR', 'PROTOCOL_ENQUEUE_AFTER_QUIT', 'PROTOCOL_SEQUENCE_TIMEOUT', 'PROTOCOL_PACKETS_OUT_OF_ORDER']);
const DRIVER_REFUSED = new Set(['HANDSHAKE_NO_SSL_SUPPORT', 'HANDSHAKE_SSL_ERROR', 'AUTH_SWITCH_PLUGIN_ERROR', 'HANDSHAKE_UNKNOWN_ERROR']);

export function explainMysql(error: unknown): Failure {
  const { code = '', errno = 0, sqlMessage, message = String(error) } = error as { code?: string; errno?: number; sqlMessage?: string; message?: string };
  const detail = sqlMessage ?? message;
  for (const [kind, numbers] of Object.entries(KINDS)) if (numbers.includes(errno)) return { kind: kind as Failure['kind'], code, detail };
  if (ENGINE.includes(errno)) return { kind: /\b28\b|full/i.test(detail) ? 'full' : 'away', code, detail };
  if (DRIVER_AWAY.has(code)) return { kind: 'away', code, detail };
  if (DRIVER_REFUSED.has(code)) return { kind: 'refused', code, detail };
  return systemFailure(error) ?? { kind: /closed state|connection lost/i.test(message) ? 'away' : 'ours', code, detail };
}
