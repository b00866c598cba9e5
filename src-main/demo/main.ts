// npm run demo: one job for every cell of the category × model table, run by a worker that has nothing but a NATS client.
import { DemoFailed, runDemo } from './run-demo.ts';

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

const interrupted = new AbortController();
// A terminal tells the whole group, and npm passes it on once more: only the first one counts, the clean-up is bounded.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
// A pipe whose reader has gone ends the demo like Ctrl-C.
process.stdout.on('error', () => interrupted.abort());

try {
  await runDemo(import.meta.dirname, interrupted.signal);
} catch (error) {
  if (interrupted.signal.aborted) {
    process.exitCode = EXIT_INTERRUPTED;
  } else {
    process.stderr.write(`The demo failed. ${error instanceof DemoFailed ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}
