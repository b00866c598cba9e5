// A map job in two steps: the first cuts the work, the second does it.
import { createWorker } from 'natsjob/worker';

const worker = createWorker({ url: 'nats://127.0.0.1:4222', namespace: 'app', app: 'shop' });

worker.handle('import', async (run, { next, report, monitor }) => {
  if (run.step === 1) return next({ files: ['a.csv', 'b.csv'] });
  const { files } = JSON.parse(run.nextPayload);
  for (const [index, file] of files.entries()) {
    const startAt = new Date();
    report({ sceneId: String(index + 1), sceneName: file, status: 'done', startAt, endAt: new Date() });
  }
  monitor('mail', `${files.length} files`); // whoever listens to monitor messages is told with the end
  return { files: files.length };
});

for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => worker.stop());

await worker.start();
console.log('ready', worker.id);
