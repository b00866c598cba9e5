// A worker as a process of its own: worker-process.ts URL NAMESPACE APP JOB CONCURRENCY [MAX DELIVERIES [ACK WAIT, MS]]. Tells on its standard output what it
// begins, ends and is to end. Args of a run: how long it takes, ms; `kill`: it kills the worker.
import { createWorker } from '../../src-core/worker/index.ts';

const [url = '', namespace = '', app = '', job = '', concurrency = '1', maxDeliveries = '100', ackWaitMs = '1000'] = process.argv.slice(2);

const worker = createWorker({ url, namespace, app, concurrency: Number(concurrency) });
worker.handle(job, async (run, { log, signal }) => {
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  void aborted.then(() => process.stdout.write(`aborted ${run.taskId} ${(signal.reason as Error).name}\n`));
  process.stdout.write(`begin ${run.taskId}\n`);
  if (run.args === 'kill') process.kill(process.pid, 'SIGKILL');
  log(`attempt ${run.deliveries}`);
  await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, Number(run.args)))]);
  process.stdout.write(`end ${run.taskId}\n`);
  return run.deliveries;
}, { ackWaitMs: Number(ackWaitMs), maxDeliveries: Number(maxDeliveries) });
await worker.start();
process.stdout.write(`ready ${worker.id}\n`);
process.once('SIGTERM', () => void worker.stop().then(() => process.exit(0)));
