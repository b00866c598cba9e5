import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeded, testSeed } from '../support/seeded.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

const SCRIPT = path.join(import.meta.dirname, '..', 'support', 'worker-process.ts');
const WORKERS = 3;
const CONCURRENCY = 4;
const RUNS = 400;
const KILLS = 12;
/** Of every tenth run: long enough to be killed over. */
const LONG_MS = 4_000;
/** Longer than the machine may stand still: only those that are killed are silent for so long, so that nobody else's run is given to a second one. */
const ACK_WAIT_MS = 8_000;

interface Child {
  readonly process: ChildProcess;
  /** Begun and not ended. */
  readonly running: Set<string>;
}

describe.skipIf(!(await canStartProgram()))('workers that are killed', () => {
  let world: World;
  const children: Child[] = [];
  const begins = new Map<string, number>();
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(async () => {
    for (const child of children) child.process.kill('SIGKILL');
    await world[Symbol.asyncDispose]();
  });

  async function start(job: TestJob): Promise<Child> {
    const child = spawn(process.execPath, [SCRIPT, world.program.natsUrl, job.namespace, job.app, job.name, String(CONCURRENCY), '100', String(ACK_WAIT_MS)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const one: Child = { process: child, running: new Set() };
    children.push(one);
    await new Promise<void>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const [word, taskId = ''] = line.split(' ');
        if (word === 'ready') resolve();
        else if (word === 'begin') {
          begins.set(taskId, (begins.get(taskId) ?? 0) + 1);
          one.running.add(taskId);
        } else if (word === 'end') one.running.delete(taskId);
      });
    });
    return one;
  }

  test('lose no run, and do none again that was answered', async () => {
    const seed = testSeed();
    console.log(`seed ${seed}`);
    const chance = seeded(seed);
    const job = await world.job({ maxRunning: 60, overlap: 'queue', queueLimit: RUNS, timeoutMs: 600_000 });
    const nats = await connect({ servers: world.program.natsUrl });
    /** What a worker sends again for want of an acknowledgement is the same word for word, and one answer. */
    const ends = new Map<string, Set<string>>();
    nats.subscribe(`$KV.natsjob-job-results.natsjob.job.end.${job.key}.>`, {
      callback: (_error, message) => {
        const taskId = message.subject.slice(message.subject.lastIndexOf('.') + 1);
        ends.set(taskId, (ends.get(taskId) ?? new Set()).add(message.string()));
      },
    });
    await nats.flush();
    const live = await Promise.all(Array.from({ length: WORKERS }, () => start(job)));

    const taskIds: string[] = [];
    const long = new Set<string>();
    const asking = (async () => {
      while (taskIds.length < RUNS) {
        const some = await Promise.all(Array.from({ length: 10 }, (_, index) => job.start({ args: String(index === 0 ? LONG_MS : 5 + Math.floor(chance() * 60)) })));
        taskIds.push(...some);
        long.add(some[0]!);
      }
    })();
    let mayRepeat = 0;
    const killing = async (): Promise<void> => {
      for (let kills = 0; kills < KILLS; kills++) {
        const from = begins.size;
        await until(() => begins.size >= Math.min(RUNS, from + 5 + Math.floor(chance() * 20)), { deadlineMs: 60_000, what: 'runs to begin' });
        const drawn = Math.floor(chance() * WORKERS);
        // The others are killed with whatever they have, which may be nothing.
        const hasLong = (): number => 1 + live.findIndex(({ running }) => [...running].some((taskId) => long.has(taskId)));
        const at = kills > 1 ? drawn : (await until(hasLong, { deadlineMs: 60_000, what: 'a long run to begin' })) - 1;
        const victim = live[at]!;
        const gone = once(victim.process, 'close');
        victim.process.kill('SIGKILL');
        await gone;
        // What it began and did not tell the end of; the last one it told of may not have been answered yet.
        mayRepeat += CONCURRENCY;
        live[at] = await start(job);
      }
    };
    // Who asks in vain is heard at once, and not as runs that do not begin.
    await Promise.all([asking, killing()]);
    await until(() => ends.size === RUNS, { deadlineMs: 60_000, what: () => `${RUNS} ends; there are ${ends.size}` });

    expect(taskIds).toHaveLength(RUNS);
    const statusOf = (text: string): string => (JSON.parse(text) as { status: string }).status;
    for (const taskId of taskIds) expect({ taskId, ends: [...ends.get(taskId)!].map(statusOf) }).toEqual({ taskId, ends: ['success'] });
    const repeated = [...begins.values()].reduce((sum, count) => sum + count - 1, 0);
    expect(begins.size).toBe(RUNS);
    expect(repeated).toBeGreaterThan(0);
    expect(repeated).toBeLessThanOrEqual(mayRepeat + KILLS * CONCURRENCY);
    // The view shows it a little later.
    await until(async () => (await job.runs('state=active,waiting')).length === 0, { deadlineMs: 60_000, what: 'no open run' });
    for (const state of ['active', 'failed', 'expired', 'cancelled', 'waiting']) expect(await job.runs(`state=${state}`)).toEqual([]);

    // In order, nothing is handed out again.
    const before = [...begins.values()].reduce((sum, count) => sum + count, 0);
    for (const each of live) {
      const gone = once(each.process, 'close');
      each.process.kill('SIGTERM');
      expect(await gone).toEqual([0, null]);
    }
    expect([...begins.values()].reduce((sum, count) => sum + count, 0)).toBe(before);
    await nats.close();
  });
});
