import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { linesThatCount, whileLeadsHold } from '../support/cluster.ts';
import type { Cluster, Node } from '../support/cluster.ts';
import { canStartProgram } from '../support/program.ts';
import { isPackedTested } from '../support/tested-program.ts';
import { until } from '../support/until.ts';
import { openLoad, twiceIn } from './outage-load.ts';
import type { Load } from './outage-load.ts';

const SHIFT = fileURLToPath(new URL('../support/shifted-clock.cjs', import.meta.url));
/** What was missed is made up for by one run, so that a jump is not a flood. */
const ONCE = { misfire: { policy: 'once' } };
const MINUTES_5 = 300_000;

// A packed program takes no script to load beforehand.
describe.skipIf(isPackedTested || process.platform === 'win32' || !(await canStartProgram()))('the clocks of two nodes', () => {
  test('may be five minutes apart: who takes over with the later one makes up by policy, and nothing comes twice', () => withShifted([0, MINUTES_5], async ({ cluster, load, first, second }) => {
    await first.kill('SIGKILL');
    await untilLeads(cluster, second);
    await moreFires(load, 30);
    expect(load.seenTwice()).toEqual([]);
    expect(latestFire(load)).toBeGreaterThan(Date.now() + MINUTES_5 - 60_000);
    await until(() => second.output().includes('"gapMs"'), { what: 'the gap to be told' });
  }, 0));

  test('may be seconds apart: who takes over with the earlier one says so, waits until it has caught up, and nothing comes twice', () => withShifted([0, -8_000], async ({ cluster, load, first, second }) => {
    const before = latestFire(load);
    await first.kill('SIGKILL');
    await untilLeads(cluster, second);
    await until(() => second.output().includes('clock is behind that of the last leader'), { what: () => linesThatCount(second) });
    await until(() => latestFire(load) > before + 4_000, { what: () => `fires\n${linesThatCount(second)}` });
    expect(load.seenTwice()).toEqual([]);
    expect(twiceIn(await load.finish())).toEqual([]);
  }));

  test('may jump under the leader, an hour ahead: it goes on leading, what lies between counts as missed', () => withShifted([0, 0], async ({ cluster, load, first, set }) => {
    set(0, 3_600_000);
    await until(() => latestFire(load) > Date.now() + 3_500_000, { what: () => `fires an hour ahead\n${linesThatCount(first)}` });
    await moreFires(load, 30);
    await cluster.untilRoles({ a: 'leader 1', b: 'standby 1' });
    expect(load.seenTwice()).toEqual([]);
    await until(() => first.output().includes('"gapMs"'), { what: 'the gap to be told' });
  }));
});

interface Shifted {
  readonly cluster: Cluster;
  readonly load: Load;
  readonly first: Node;
  readonly second: Node;
  set(index: number, offsetMs: number): void;
}

/** Two nodes whose wall clocks are off by so many milliseconds. Jobs begin with their making, so a node that is not ahead makes them. */
async function withShifted(offsets: readonly number[], scene: (shifted: Shifted) => Promise<void>, maker = 1): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-clocks-'));
  const fileOf = (index: number): string => path.join(folder, String(index));
  const setFile = (index: number, offsetMs: number): void => writeFileSync(fileOf(index), String(offsetMs));
  const env = (index: number): Record<string, string> => {
    setFile(index, offsets[index]!);
    return { NODE_OPTIONS: `--require ${SHIFT}`, TEST_CLOCK_FILE: fileOf(index) };
  };
  try {
    await whileLeadsHold(async (cluster) => {
      const [first, second] = cluster.nodes as [Node, Node];
      await cluster.leader();
      await using load = await openLoad(cluster.nodes[maker] as Node, cluster.nats.url, ONCE);
      await scene({
        cluster, load, first, second,
        set(index, offsetMs) {
          setFile(index, offsetMs);
          process.kill((cluster.nodes[index] as Node).pid, 'SIGUSR2');
        },
      });
    }, { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Moment of the latest scheduled fire that was seen, as its id says. */
function latestFire({ witness }: Load): number {
  return Math.max(0, ...[...witness.sightings].map(({ taskId }) => Number(BigInt(taskId) >> 22n) + 1_577_836_800_000));
}

async function moreFires({ witness }: Load, messages: number): Promise<void> {
  const goal = witness.count + messages;
  await until(() => witness.count >= goal, { what: 'more fires' });
}

async function untilLeads(cluster: Cluster, node: Node): Promise<void> {
  await until(async () => (await cluster.roles())[node.name]?.startsWith('leader'), { what: () => `${node.name} to lead\n${linesThatCount(node)}` });
}
