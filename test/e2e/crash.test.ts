import { describe, expect, test } from 'vitest';
import { runIdFloor } from '../../src-core/wire/index.ts';
import { disableAll } from '../support/disable-all.ts';
import { endProcess } from '../support/end-process.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { seeded, testSeed } from '../support/seeded.ts';
import { until } from '../support/until.ts';
import { startWitness } from '../support/witness.ts';
import type { Witness } from '../support/witness.ts';
import { account, gapsIn, readLevel, summed } from './crash-accounts.ts';
import type { Death } from './crash-accounts.ts';
import { answerOf, APP, BY_HAND, makeJobs, NAMESPACE } from './crash-load.ts';

const KILLS = Number(process.env['NATSJOB_TEST_KILLS'] ?? 24);

describe.skipIf(!(await canStartProgram()))('kill -9 in the middle of load', () => {
  test('loses no run and repeats none, whether the scheduler dies, the nats-server, or both, or it stops in good order', async () => {
    const seed = testSeed();
    const random = seeded(seed);
    console.info(`crash test: NATSJOB_TEST_SEED=${seed}`);
    await using program = await startProgram();
    const worker = { url: program.natsUrl, namespace: NAMESPACE, app: APP, answer: answerOf };
    await using first = await startPlainWorker({ ...worker, clientId: 'one' });
    await using second = await startPlainWorker({ ...worker, clientId: 'two' });
    await using witness = await startWitness(program.natsUrl, NAMESPACE, APP);
    const numbers = await makeJobs(program.api);
    const byHand: string[] = [];
    const natsKills: Death[] = [];
    const kills = { scheduler: 0, nats: 0 };
    let stops = 0;

    while (kills.scheduler + kills.nats < KILLS) {
      await witness.more(50 + Math.floor(random() * 300), 5_000);
      if (random() < 0.5) await runByHand(program, random, byHand);
      const choice = random();
      const both = choice > 0.85;
      if (choice < 0.15) {
        stops++;
        expect(await program.stop()).toBe(0);
        await program.restart({ untilReady: false });
      } else if (choice < 0.45 || both) {
        await killNats(program, witness, natsKills);
        kills.nats++;
      }
      if (choice >= 0.45) {
        if (both) await witness.more(1 + Math.floor(random() * 50), 500 * random());
        await program.kill('SIGKILL');
        kills.scheduler++;
        await program.restart({ untilReady: false });
      }
      await program.untilReady();
    }

    const { faults, figures } = await settleAccounts({ program, witness, numbers, byHand, natsKills });
    console.info(`crash test: ${JSON.stringify({ kills, stops, ...figures })}`);
    expect(summed(faults), await circumstances(program)).toEqual({});
    expect(first.answered).toBeGreaterThan(0);
    expect(second.answered).toBeGreaterThan(0);
    expect(await program.stop()).toBe(0);
  }, 900_000);

  test('makes up by policy for what was due while it was dead for longer', async () => {
    await using program = await startProgram();
    await using worker = await startPlainWorker({ url: program.natsUrl, namespace: NAMESPACE, app: APP, clientId: 'one', answer: answerOf });
    await using witness = await startWitness(program.natsUrl, NAMESPACE, APP);
    const numbers = await makeJobs(program.api);
    await witness.more(200, 5_000);
    await program.kill('SIGKILL');
    const diedAt = Date.now();
    await until(() => Date.now() > diedAt + 8_000, { what: 'the outage' });
    await program.restart();
    const { faults, figures } = await settleAccounts({ program, witness, numbers, byHand: [], natsKills: [] });
    console.info(`crash test: dead for 8 s: ${JSON.stringify(figures)}`);
    expect(summed(faults), await circumstances(program)).toEqual({});
    expect(figures.madeUp).toBeGreaterThan(0);
    expect(worker.answered).toBeGreaterThan(0);
  });
});

async function killNats(program: TestProgram, witness: Witness, kills: Death[]): Promise<void> {
  const pid = program.natsPid();
  if (pid === undefined) return;
  const { isConnected, losses } = witness;
  const from = Date.now();
  endProcess(pid);
  // What it has sent lies on the witness's socket, and is seen when this process comes to read it.
  await until(() => program.natsPid() !== pid && (!isConnected || witness.losses > losses), { what: 'the nats-server to be gone' });
  kills.push({ from, to: Date.now() });
}

/** What the API has said yes to must happen. */
async function runByHand(program: TestProgram, random: () => number, accepted: string[]): Promise<void> {
  const { status, body } = await program.api.post(`/jobs/${NAMESPACE}.${APP}.${BY_HAND}/run`, { delayMs: Math.floor(random() * 3_000) });
  if (status === 202) accepted.push(body.taskId as string);
}

interface Scene {
  readonly program: TestProgram;
  readonly witness: Witness;
  readonly numbers: ReadonlyMap<string, number>;
  readonly byHand: readonly string[];
  readonly natsKills: readonly Death[];
}

/** Lets everything come to its end, and counts. */
async function settleAccounts({ program, witness, ...known }: Scene): Promise<ReturnType<typeof account>> {
  const lastFire = Math.ceil(Date.now() / 1000) * 1000;
  // Fires are made up for in the order of their moments; ids of runs by hand and retries have moments of their own.
  const later = runIdFloor(lastFire + 2_000);
  await until(() => [...witness.sightings].some(({ taskId, job }) => job === 'max-0' && BigInt(taskId) > later), { what: () => `fires after the last kill\n${program.output()}` });
  await disableAll(program.api, NAMESPACE);
  await until(async () => {
    const { body } = await program.api.get('/overview');
    return body.running + body.queued === 0;
  }, { what: 'all runs to end' });
  const { stream, rows } = await readLevel(program);
  return account({
    ...known, stream, rows,
    sightings: [...witness.sightings], monitors: [...witness.monitors], gaps: gapsIn(program.output()), until: lastFire,
  });
}

/** For the message when a count is wrong. */
async function circumstances(program: TestProgram): Promise<string> {
  return `${linesThatWarn(program.output())}\nskips: ${await skipsOf(program)}`;
}

function linesThatWarn(output: string): string {
  return output.split('\n').filter((line) => /"level":"(warn|error)"/.test(line)).slice(-60).join('\n');
}

async function skipsOf(program: TestProgram): Promise<string> {
  const { body } = await program.api.get('/skips?limit=200');
  return JSON.stringify((body.items as { job: string; reason: string; count: number }[]).map(({ job, reason, count }) => `${job} ${reason} ${count}`));
}
