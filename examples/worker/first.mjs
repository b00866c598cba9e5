// A job and its handler in one program; the scheduler learns of the job from here.
import { every, job, openJobService } from 'natsjob/worker';

const greet = job('greet', every('5s'), (run, { log }) => {
  log(`doing ${run.taskId}`); // shown on the run in the panel as it comes
  return 'greeted';
});

const service = await openJobService({ url: 'nats://127.0.0.1:4222', namespace: 'app', app: 'shop', jobs: [greet] });
process.once('SIGINT', () => service.stop()).once('SIGTERM', () => service.stop());
console.log('ready', await service.declared);
