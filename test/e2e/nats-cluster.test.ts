import { describe, expect, test } from 'vitest';
import { startNatsCluster } from '../support/nats-cluster.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { expectWhole, openLoad } from './outage-load.ts';

const STREAMS = ['natsjob', 'KV_natsjob-job-results', 'KV_natsjob-control', 'KV_natsjob-definitions'];

describe.skipIf(!(await canStartProgram()))('three NATS servers with three copies', () => {
  test('let runs go on, none lost and none twice in the history, while one after the other is away', async () => {
    await using cluster = await startNatsCluster();
    const [one, two, three] = cluster.servers as [(typeof cluster.servers)[0], (typeof cluster.servers)[0], (typeof cluster.servers)[0]];
    await three.stop('SIGKILL');
    await using program = await startProgram({ env: { NATSJOB_NATS_URL: cluster.url, NATSJOB_NATS_REPLICAS: '3' }, untilReady: false });
    // With one of three away each new stream waits for an election of its own, which takes the servers seconds.
    await until(async () => (await program.api.get('//readyz').catch(() => undefined))?.status === 200, { deadlineMs: 120_000, what: () => `the program to be ready\n${program.output()}` });
    // Whoever counts stays with a server that stays.
    await using load = await openLoad(program, two.url);
    await three.restart();
    // As whoever restarts servers one by one has to: the next one goes when this one has all.
    for (const stream of STREAMS) await cluster.untilCurrent(stream);
    await load.untilRunsAgain();
    await one.stop('SIGKILL');
    await load.untilRunsAgain();
    await one.restart();
    for (const stream of STREAMS) await cluster.untilCurrent(stream);
    for (const stream of STREAMS) await cluster.stepDown(stream);
    await load.untilRunsAgain();
    expectWhole(await load.finish());
    expect(program.output()).not.toContain('the log is new or behind the view');
    expect(program.output().split('\n').filter((line) => line.includes('"level":"error"'))).toEqual([]);
  }, 300_000);
});
