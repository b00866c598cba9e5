import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createWorker } from '../../src-core/worker/index.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { until } from '../support/until.ts';
import { openStage } from '../support/worker-stage.ts';

const PROGRAM = fileURLToPath(new URL('../support/worker-process.ts', import.meta.url));

describe.skipIf((await natsServerPath()) === undefined)('a worker that stood still for longer than JetStream waits', () => {
  it('is told that its run was done elsewhere, and answers it no more', async () => {
    await using stage = await openStage();
    const lines: string[] = [];
    const stopped = spawn(process.execPath, ['--no-warnings', PROGRAM, stage.url, 'app', 'shop', 'report', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: stopped.stdout! }).on('line', (line) => lines.push(line));
    try {
      await until(() => lines.some((line) => line.startsWith('ready')));
      const sent = await stage.send('report', { args: '30000' });
      await until(() => lines.includes(`begin ${sent.taskId}`));
      stopped.kill('SIGSTOP');
      const deliveries: number[] = [];
      await using other = await createWorker({ url: stage.url, app: 'shop' }).handle('report', (run) => void deliveries.push(run.deliveries), { ackWaitMs: 1_000 }).start();
      expect(await stage.ends(sent)).toMatchObject([{ status: 'success', clientId: other.id }]);
      stopped.kill('SIGCONT');
      await until(() => lines.includes(`aborted ${sent.taskId} RunHandedOnError`));
      const gone = once(stopped, 'exit');
      stopped.kill('SIGTERM');
      await gone;
      expect(await stage.ends(sent)).toHaveLength(1);
      // Once, and not as the first to be given it. The other one may have been given it again itself, where it was slow.
      expect(deliveries).toHaveLength(1);
      expect(deliveries[0]).toBeGreaterThan(1);
    } finally {
      stopped.kill('SIGKILL');
    }
  });
});

describe.skipIf((await natsServerPath()) === undefined)('a run that kills every worker that begins it', { timeout: 300_000 }, () => {
  it('is given up after the deliveries it may have, and those are done that died with it each time', async () => {
    await using stage = await openStage();
    let isOver = false;
    let deaths = 0;
    let last: ChildProcess | undefined;
    const start = (): void => {
      last = spawn(process.execPath, ['--no-warnings', PROGRAM, stage.url, 'app', 'shop', 'import', '6', '4'], { stdio: 'ignore' });
      last.once('exit', () => {
        if (isOver) return;
        deaths++;
        start();
      });
    };
    try {
      // Slower than a worker lives, for as long as the deadly one is begun beside them.
      const slow = [];
      for (let n = 0; n < 4; n++) slow.push(await stage.send('import', { args: '700' }));
      const deadly = await stage.send('import', { args: 'kill' });
      start();
      expect(await stage.ends(deadly, 1, 200_000)).toMatchObject([{ status: 'fail', reason: expect.stringMatching(/^dead letter: delivered ([4-9]|\d\d) times$/) as string, noRetry: true }]);
      for (const each of slow) expect(await stage.ends(each)).toMatchObject([{ status: 'success' }]);
      expect(deaths).toBeGreaterThanOrEqual(4);
    } finally {
      isOver = true;
      const gone = once(last!, 'exit');
      last!.kill('SIGKILL');
      await gone;
    }
  });
});
