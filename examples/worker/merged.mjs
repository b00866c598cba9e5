// A service that has it all in one process: scheduler, jobs and handlers. Of several such processes on one NATS server one leads,
// and they share the runs.
import { openScheduler } from 'natsjob/scheduler';
import { every, job, openJobService } from 'natsjob/worker';

const scheduler = await openScheduler({ dataDir: './natsjob-data', natsUrl: 'nats://127.0.0.1:4222' });

const beat = job('beat', every('1s'), (run, { log }) => {
  log(`run ${run.taskId}`);
  return 'well';
}, { timeoutMs: 10_000 });
const service = await openJobService({ url: scheduler.natsUrl, namespace: 'app', app: 'shop', jobs: [beat] });
await service.declared;

// First the handlers, which end what they have begun; then the scheduler, which takes their answers in.
async function stop() {
  await service.stop({ graceMs: 20_000 });
  await scheduler.stop();
}
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, stop);

console.log('ready', scheduler.url);
