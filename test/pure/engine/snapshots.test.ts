import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConflictError, NodeFaultError, UnavailableError } from '../../../src-core/domain/errors.ts';
import { NodeCalls } from '../../../src-core/engine/node-calls.ts';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import { SnapshotGiver } from '../../../src-core/engine/snapshot-giver.ts';
import { SnapshotTaker, type Candidate } from '../../../src-core/engine/snapshot-taker.ts';
import type { Checkpoint, SnapshotFacts, Snapshots, Store } from '../../../src-core/ports/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { recordingLog } from '../../support/nats-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { RESULTS_STREAM, STREAM } from '../../../src-core/wire/index.ts';

const BYTES = 3_000_000;
const OWN: readonly Checkpoint[] = [{ stream: STREAM, created: 'c', sequence: 100 }, { stream: RESULTS_STREAM, created: 'c', sequence: 90 }];
const NEED: readonly Checkpoint[] = [{ stream: STREAM, created: 'c', sequence: 40 }, { stream: RESULTS_STREAM, created: 'c', sequence: 80 }];

/** A view of so many bytes that can be given, and taken. */
class View implements Snapshots {
  schemaVersion = 2;
  content: Uint8Array;
  installed = 0;
  discarded = 0;
  copies = 0;
  copying: Promise<void> = Promise.resolve();
  /** What the next write or take meets. */
  trouble: Error | undefined;

  constructor(seed: number) {
    // A prime length: no two pieces are alike.
    this.content = Buffer.alloc(BYTES, Uint8Array.from({ length: 251 }, (_, index) => (index * 31 + seed) % 251));
  }

  async give() {
    this.copies++;
    await this.copying;
    const { content } = this;
    return {
      bytes: content.length, sha256: hash(content), schemaVersion: this.schemaVersion, checkpoints: OWN,
      read: async (offset: number, length: number) => content.subarray(offset, offset + length),
      close: async () => void this.copies--,
    };
  }

  async take(facts: SnapshotFacts) {
    if (this.trouble !== undefined) throw this.trouble;
    const whole = new Uint8Array(facts.bytes);
    return {
      write: async (offset: number, bytes: Uint8Array) => whole.set(bytes, offset),
      install: async () => {
        this.content = whole;
        this.installed++;
        return { kept: 0 };
      },
      discard: async () => void this.discarded++,
    };
  }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function cluster() {
  const clock = new VirtualClock();
  const server = new MemoryNats(clock);
  const node = (nodeId: string, { candidates = [], checkpoints = OWN, isLeading = false }: { candidates?: readonly Candidate[]; checkpoints?: readonly Checkpoint[]; isLeading?: boolean } = {}) => {
    const bus = server.connect();
    const { log, text } = recordingLog();
    const view = new View(nodeId.length);
    const store = { snapshots: view, checkpoints: async () => checkpoints } as unknown as Store;
    let seed = nodeId.codePointAt(0) ?? 1;
    const context = { bus, log, clock, store, random: () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647, config: { nodeId } } as unknown as EngineContext;
    const calls = new NodeCalls(context);
    const state = { hindrance: '' };
    const giver = new SnapshotGiver({ context, calls, isLeading: () => isLeading, hindrance: () => state.hindrance });
    const taker = new SnapshotTaker({ context, calls, candidates: async () => candidates });
    calls.start();
    return { bus, calls, giver, taker, view, state, text };
  };
  const run = async <T>(promise: Promise<T>): Promise<T> => clock.until(promise, 3_600_000);
  return { clock, node, run };
}

const at = (id: string, part: Partial<Candidate> = {}): Candidate => ({ id, isLeading: false, isRecent: true, ...part });

describe('a node that takes another one\'s view', () => {
  it('has every byte of it, and leaves no copy behind', async () => {
    const { clock, node, run } = cluster();
    const b = node('giver');
    const a = node('a', { candidates: [at('giver')] });
    expect(await run(a.taker.take(NEED))).toBe(true);
    expect(hash(a.view.content)).toBe(hash(b.view.content));
    expect([a.view.installed, a.view.discarded, a.taker.progress]).toEqual([1, 1, '']);
    await clock.advance(100);
    expect(b.view.copies).toBe(0);
  });

  it('asks those first that do not lead', async () => {
    const { node, run } = cluster();
    const [leader, other] = [node('leader', { isLeading: true }), node('standby')];
    const a = node('a', { candidates: [at('leader', { isLeading: true }), at('standby')] });
    expect(await run(a.taker.take(NEED))).toBe(true);
    expect(hash(a.view.content)).toBe(hash(other.view.content));
    expect(leader.text()).not.toContain('giving');
  });

  it('takes longer from one that leads, so that its fires stay on time', async () => {
    const took: number[] = [];
    for (const isLeading of [false, true]) {
      const { clock, node, run } = cluster();
      node('giver', { isLeading });
      const a = node('a', { candidates: [at('giver')] });
      const began = clock.monotonic();
      await run(a.taker.take(NEED));
      took.push(clock.monotonic() - began);
    }
    expect(took[0]).toBeGreaterThanOrEqual(80);
    expect(took[1]).toBeGreaterThanOrEqual(170);
    expect(took[1]).toBeLessThan(400);
  });

  it('goes on with another one when the first dies half-way', async () => {
    const { clock, node, run } = cluster();
    const [first, second] = [node('b'), node('cc')];
    const a = node('a', { candidates: [at('b'), at('cc')] });
    const taking = a.taker.take(NEED);
    await clock.advance(15);
    expect(a.taker.progress).toMatch(/^taking a snapshot of server b's view, [1-9]\d? %$/);
    const stopped = first.calls.stop();
    expect(await run(taking)).toBe(true);
    expect(hash(a.view.content)).toBe(hash(second.view.content));
    expect(a.text()).toContain('the snapshot broke off');
    await run(stopped);
  });

  it('waits for its turn, and takes over from an asker that has gone silent', async () => {
    const { clock, node, run } = cluster();
    const b = node('b');
    const [a, c] = [node('a', { candidates: [at('b')] }), node('cc', { candidates: [at('b')] })];
    await run(a.calls.ask('b', 'snapshot-open', { asker: 'gone', id: 'gone-1', schemaVersion: 2, streams: NEED }, 1_000));
    const began = clock.monotonic();
    expect(await run(Promise.all([a.taker.take(NEED), c.taker.take(NEED)]))).toEqual([true, true]);
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(14_000);
    expect(clock.monotonic() - began).toBeLessThan(40_000);
    await clock.advance(100);
    expect(b.view.copies).toBe(0);
  });

  it('waits for a copy that takes long', async () => {
    const { clock, node, run } = cluster();
    const b = node('b');
    let copied = (): void => {};
    b.view.copying = new Promise((resolve) => {
      copied = resolve;
    });
    const a = node('a', { candidates: [at('b')] });
    const taking = a.taker.take(NEED);
    await clock.advance(61_000);
    expect(a.taker.progress).toBe('waiting for server b to copy its view');
    expect(b.view.copies).toBe(1);
    copied();
    expect(await run(taking)).toBe(true);
  });

  it.each<[string, readonly Checkpoint[]]>([
    ['of another log', OWN.map((each) => ({ ...each, created: 'another' }))],
    ['of no log', []],
  ])('does not take a view %s, and does not wait for a better one', async (_what, checkpoints) => {
    const { clock, node, run } = cluster();
    node('b', { checkpoints });
    const a = node('a', { candidates: [at('b')] });
    expect(await run(a.taker.take(NEED))).toBe(false);
    expect(clock.monotonic()).toBeLessThan(1_000);
  });

  it('asks again for some seconds where a view lags, or a node is only just starting', async () => {
    const { clock, node, run } = cluster();
    const b = node('b');
    b.state.hindrance = 'it is reading the log itself';
    const a = node('a', { candidates: [at('b')] });
    const taking = a.taker.take(NEED);
    await clock.advance(3_000);
    b.state.hindrance = '';
    expect(await run(taking)).toBe(true);
    const alone = node('alone', { candidates: [at('dead'), at('long-dead', { isRecent: false })] });
    const began = clock.monotonic();
    expect(await run(alone.taker.take(NEED))).toBe(false);
    expect(clock.monotonic() - began).toBeLessThan(8_000);
    const newest = node('newest', { candidates: [at('long-dead', { isRecent: false })] });
    const then = clock.monotonic();
    expect(await run(newest.taker.take(NEED))).toBe(false);
    expect(clock.monotonic() - then).toBeLessThan(500);
  });

  it('keeps the view it has when its own disk has no room, and says so', async () => {
    const { clock, node, run } = cluster();
    const [b, c] = [node('b'), node('cc')];
    const a = node('a', { candidates: [at('b'), at('cc')] });
    a.view.trouble = new UnavailableError('There is no room for a snapshot.');
    expect(await run(a.taker.take(NEED))).toBe(false);
    expect(a.text()).toContain('no snapshot could be taken: going on with the view there is');
    await clock.advance(100);
    expect([b.view.copies, c.view.copies]).toEqual([0, 0]);
  });

  it('rejects when NATS goes away, so that all is tried again when it is back', async () => {
    const { clock, node, run } = cluster();
    node('b');
    const a = node('a', { candidates: [at('b')] });
    const taking = a.taker.take(NEED);
    taking.catch(() => undefined);
    await clock.advance(15);
    a.bus.cut();
    await expect(run(taking)).rejects.toBeInstanceOf(UnavailableError);
    expect(a.view.installed).toBe(0);
  });

  it('gives up at once when it is stopped', async () => {
    const { clock, node, run } = cluster();
    node('b');
    const a = node('a', { candidates: [at('b')] });
    const taking = a.taker.take(NEED);
    taking.catch(() => undefined);
    await clock.advance(15);
    a.taker.stop();
    const began = clock.monotonic();
    await expect(run(taking)).rejects.toThrow(/stopping/);
    expect(clock.monotonic() - began).toBeLessThan(200);
    expect([a.view.installed, a.view.discarded]).toEqual([0, 1]);
  });
});

describe('a node that gives its view', () => {
  const need = { asker: 'a', id: 'a-1', schemaVersion: 2, streams: NEED };

  it('says no to an older version, and to what no node of ours asks', async () => {
    const { node, run } = cluster();
    const b = node('b');
    const a = node('a');
    await expect(run(a.calls.ask('b', 'snapshot-open', { ...need, schemaVersion: 1 }, 1_000))).rejects.toThrow(ConflictError);
    for (const input of [undefined, null, 7, {}, { ...need, streams: 'all' }, { ...need, asker: 'x'.repeat(1_000) }, { ...need, schemaVersion: -1 }, { ...need, streams: Array(1_000).fill(NEED[0]) }]) {
      await expect(run(a.calls.ask('b', 'snapshot-open', input, 1_000))).rejects.toThrow(NodeFaultError);
    }
    await run(a.calls.ask('b', 'snapshot-open', need, 1_000));
    for (const input of [undefined, {}, { id: 'a-1', offset: -1, length: 5 }, { id: 'a-1', offset: 0.5, length: 5 }, { id: 'a-1', offset: 0, length: 'x' }]) {
      await expect(run(a.calls.ask('b', 'snapshot-read', input, 1_000))).rejects.toThrow(NodeFaultError);
    }
    await expect(run(a.calls.ask('b', 'snapshot-read', { id: 'another', offset: 0, length: 5 }, 1_000))).rejects.toThrow(/no longer has that snapshot/);
    expect((await run(a.calls.ask('b', 'snapshot-read', { id: 'a-1', offset: 0, length: 1e9 }, 1_000))).bytes).toHaveLength(262_144);
    expect(b.view.copies).toBe(1);
  });

  it('begins anew for the same asker, and keeps one copy at most', async () => {
    const { node, run } = cluster();
    const b = node('b');
    const a = node('a');
    await run(a.calls.ask('b', 'snapshot-open', need, 1_000));
    await run(a.calls.ask('b', 'snapshot-open', { ...need, id: 'a-2' }, 1_000));
    expect(b.view.copies).toBe(1);
    expect((await run(a.calls.ask('b', 'snapshot-open', { ...need, asker: 'c', id: 'c-1' }, 1_000))).value).toBe('busy');
    await b.giver.stop();
    expect(b.view.copies).toBe(0);
    await expect(run(a.calls.ask('b', 'snapshot-open', need, 1_000))).rejects.toThrow(/it is stopping/);
  });

  it('keeps the results that come after it for a while', async () => {
    const { clock, node, run } = cluster();
    const b = node('b');
    const a = node('a');
    expect(b.giver.awaitedResults).toBeUndefined();
    await run(a.calls.ask('b', 'snapshot-open', need, 1_000));
    await clock.advance(100_000);
    await run(a.calls.ask('b', 'snapshot-read', { id: 'a-1', offset: 0, length: 5 }, 1_000));
    await clock.advance(100_000);
    expect(b.giver.awaitedResults).toBe(90);
    await clock.advance(30_000);
    expect(b.giver.awaitedResults).toBeUndefined();
  });
});
