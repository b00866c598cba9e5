import { beforeEach, expect, test } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import { Identity } from '../../../src-core/engine/identity.ts';
import type { NodeCalls } from '../../../src-core/engine/node-calls.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { nodeIdKey } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode } from '../../support/virtual-node.ts';

const KEY = nodeIdKey('n1');
const BEFORE = JSON.stringify({ process: 'before', host: 'h', pid: 7 });
const OTHER = JSON.stringify({ process: 'other', host: 'h', pid: 8 });

/** What the leader of the bucket has. */
let held: { text: string; revision: number } | undefined;
let isAway: boolean;
/** What is written is stored, and not told so. */
let losesAnswer: boolean;
let lost: string[];
let identity: Identity;
let makeIdentity: () => Identity;

beforeEach(async () => {
  held = { text: BEFORE, revision: 4 };
  isAway = false;
  losesAnswer = false;
  lost = [];
  const bucket = {
    get: async () => {
      if (isAway) throw new UnavailableError('away');
      return held;
    },
    compareAndSet: async (_key: string, text: string, revision: number) => {
      if ((held?.revision ?? 0) !== revision) return undefined;
      held = { text, revision: revision + 1 };
      if (losesAnswer) throw new UnavailableError('no answer');
      return held.revision;
    },
    compareAndDelete: async () => true,
  };
  const calls = { serve() {}, ask: () => Promise.reject(new UnavailableError('nobody')) } as unknown as NodeCalls;
  makeIdentity = () => new Identity({ bus: { bucket: () => bucket, state: 'connected' }, config: { nodeId: 'n1', processId: 'own', host: 'h', pid: 9 } } as unknown as EngineContext, calls, (problem) => lost.push(problem));
  identity = makeIdentity();
  await identity.claim();
});

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an entry of before the claim, told late by a server that is behind, is nobody else', async () => {
  identity.apply(KEY, BEFORE);
  await turns();
  expect([lost, identity.problem]).toEqual([[], '']);
  identity.apply(KEY, held?.text);
  await turns();
  expect(lost).toEqual([]);
});

test('another process that has the entry is, and is told once', async () => {
  held = { text: OTHER, revision: 6 };
  identity.apply(KEY, OTHER);
  identity.apply(KEY, OTHER);
  await turns();
  expect(lost).toEqual([expect.stringContaining('Node id "n1" is in use by another natsjob (process 8 on h)')]);
  expect(identity.problem).toBe(lost[0]);
  // From here on it is claimed anew or not at all.
  identity.apply(KEY, OTHER);
  await turns();
  expect(lost).toHaveLength(1);
});

test('when the bucket cannot be asked, the claim has to be made anew', async () => {
  isAway = true;
  identity.apply(KEY, OTHER);
  await turns();
  expect(lost).toHaveLength(1);
});

test('nothing is lost by a process that has given the id back meanwhile', async () => {
  held = { text: OTHER, revision: 6 };
  identity.apply(KEY, OTHER);
  await identity.release();
  await turns();
  expect(lost).toEqual([]);
});

test('a claim that was stored without an answer is watched over like any other', async () => {
  held = { text: BEFORE, revision: 4 };
  losesAnswer = true;
  identity = makeIdentity();
  await expect(identity.claim()).rejects.toThrow('no answer');
  await identity.claim();
  held = { text: OTHER, revision: 6 };
  identity.apply(KEY, OTHER);
  await turns();
  expect(lost).toHaveLength(1);
});

test('a process that is slow to answer keeps its id from one that starts', async () => {
  const clock = new VirtualClock();
  const nats = new MemoryNats(clock);
  const [first, second] = ['first', 'second'].map((processId) => openNode({ clock, nats, store: createMemoryStore(), config: { nodeId: 'twin', processId } }));
  await clock.until(first!.scheduler.start());
  await clock.advance(3_000);
  first!.bus.latencyMs = () => 1_000;
  void second!.scheduler.start();
  await clock.advance(4_000);
  first!.bus.latencyMs = () => 0;
  await clock.advance(4_000);
  const [own, other] = [first!, second!].map(({ scheduler }) => scheduler.api.health());
  expect([own!.role, own!.problems]).toEqual(['leader', []]);
  expect(other!.problems).toContainEqual(expect.stringContaining('Node id "twin" is in use by another natsjob'));
});
