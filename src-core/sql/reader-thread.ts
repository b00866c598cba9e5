import { parentPort, workerData } from 'node:worker_threads';
import { copyDatabase, type CopyRequest } from './copy-database.ts';
import { answerReads } from './sqlite/read/answer.ts';
import type { ConnectionOptions } from './sqlite/connection.ts';
import { workOnSnapshot, type SnapshotRequest } from './sqlite/snapshot-work.ts';

/**
 * The thread that does what may take long, so that the thread of the ticks never does: reads, or one copy, or one step of a
 * snapshot. Bundled to a script of its own. No await at the top level: a packed program loads this by require().
 */
const data = workerData as ConnectionOptions | CopyRequest | SnapshotRequest;
if ('snapshot' in data) void workOnSnapshot(data, parentPort!);
else if ('copyTo' in data) void copyDatabase(data, parentPort!);
else answerReads(data, parentPort!);
