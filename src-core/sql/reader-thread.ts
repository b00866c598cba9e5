import { parentPort, workerData } from 'node:worker_threads';
import { answerReads } from './sqlite/read/answer.ts';
import type { ConnectionOptions } from './sqlite/connection.ts';

/** The thread that reads what may take long, so that the thread of the ticks never does. Bundled to a script of its own. */
answerReads(workerData as ConnectionOptions, parentPort!);
