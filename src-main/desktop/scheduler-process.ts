// The scheduler of the desktop console, in a process of its own: what happens to the window does not happen to it.
import { startNatsjob } from '../compose.ts';
import type { ToScheduler } from './scheduler/messages.ts';
import { schedulerProgram } from './scheduler/scheduler-program.ts';

/** What was told goes out on the port in the meantime. */
const LAST_WORDS_MS = 100;

const { parentPort } = process;
const program = schedulerProgram({
  start: startNatsjob,
  environment: process.env,
  cwd: process.cwd(),
  tell: (message) => parentPort.postMessage(message),
  exit: (code) => void setTimeout(() => process.exit(code), LAST_WORDS_MS),
});
process.on('uncaughtException', (error) => program.fault(error));
process.on('unhandledRejection', (error) => program.fault(error));
parentPort.on('message', ({ data }: { data: unknown }) => program.take(data as ToScheduler));
