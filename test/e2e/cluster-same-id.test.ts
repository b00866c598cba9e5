import { describe, expect, test } from 'vitest';
import { linesThatCount, startCluster } from '../support/cluster.ts';
import type { Node } from '../support/cluster.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import type { TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { expectWhole, openLoad } from './outage-load.ts';

const TAKEN = 'Node id "twin" is in use by another natsjob';

describe.skipIf(!(await canStartProgram()))('two processes under one node id', () => {
  test('the second says so and takes no part, until the first is gone', async () => {
    await using nats = await startNatsServer();
    const env = { NATSJOB_NATS_URL: nats.url, NATSJOB_NODE_ID: 'twin' };
    await using first = await startProgram({ env });
    await using load = await openLoad(first);
    await using second = await startProgram({ env, untilReady: false });
    await untilTold(second);
    await load.untilRunsAgain();
    const said = (): string[] => second.output().replaceAll('\\"', '"').split('\n').filter((line) => line.includes(TAKEN));
    await until(() => said().length > 0, { what: 'the line in the log' });
    expect(said()).toHaveLength(1);
    expectWhole(await load.finish(), load);
    expect((await first.api.get('/servers')).body.items).toHaveLength(1);
    expect(await first.stop()).toBe(0);
    await second.untilReady();
    await until(() => second.output().includes('"msg":"leading"'), { what: 'the second to lead' });
  });

  test('one that was paused while another took its id takes no part when it wakes, and fires nothing twice', async () => {
    await using cluster = await startCluster({ env: () => ({ NATSJOB_NODE_ID: 'twin' }), nodes: 1 });
    const [first] = cluster.nodes as [Node];
    await using load = await openLoad(first, cluster.nats.url);
    process.kill(first.pid, 'SIGSTOP');
    await using second = await startProgram({ env: { NATSJOB_NATS_URL: cluster.nats.url, NATSJOB_NODE_ID: 'twin' } });
    const before = load.witness.count;
    await until(() => load.witness.count >= before + 30, { what: 'fires of the second' });
    process.kill(first.pid, 'SIGCONT');
    await untilTold(first);
    const after = load.witness.count;
    await until(() => load.witness.count >= after + 30, { what: () => `more fires of the second\n${linesThatCount(first)}` });
    expect(load.seenTwice()).toEqual([]);
    expect((await second.api.get('//readyz')).status).toBe(200);
  });
});

async function untilTold(program: TestProgram): Promise<void> {
  let last = '';
  await until(async () => {
    try {
      last = JSON.stringify((await program.api.get('//readyz')).body);
      return last.includes(TAKEN.replaceAll('"', '\\"'));
    } catch {
      return false;
    }
  }, { what: () => `/readyz to say so (${last})\n${program.output()}` });
}
