import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import { Elector } from '../../../src-core/engine/elector.ts';
import { LeaseLine, SharedLease } from '../../support/memory-lease.ts';
import { ProcessClock, VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT } from '../../support/virtual-node.ts';

class Node {
  readonly line: LeaseLine;
  readonly own: ProcessClock;
  readonly elector: Elector;
  readonly told: string[] = [];

  constructor(nodeId: string, shared: SharedLease, clock: VirtualClock) {
    this.own = new ProcessClock(clock);
    this.line = new LeaseLine(shared, clock);
    const context = { config: { nodeId }, clock: this.own, leaseStore: this.line, bus: { state: 'connected' }, log: SILENT } as unknown as EngineContext;
    this.elector = new Elector(context, {
      elected: (term) => void this.told.push(`elected ${term}`),
      deposed: () => void this.told.push('deposed'),
      progress: () => ({ watermark: clock.now(), runsSequence: 1, resultsSequence: 2 }),
      unreachable: () => void this.told.push('unreachable'),
    });
  }
}

let clock: VirtualClock;
let shared: SharedLease;
let a: Node;
let b: Node;

beforeEach(() => {
  clock = new VirtualClock();
  shared = new SharedLease();
  a = new Node('a', shared, clock);
  b = new Node('b', shared, clock);
});

async function leading(node: Node): Promise<void> {
  node.elector.start();
  await clock.advance(20);
  expect(node.elector.isTrusted()).toBe(true);
}

describe('the lease', () => {
  test('goes at once to the first who asks, and to nobody else', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(10_000);
    expect([a.elector.isTrusted(), b.elector.isLeading]).toEqual([true, false]);
    expect(a.told).toEqual(['elected 1']);
    expect(shared.entry?.value).toMatchObject({ nodeId: 'a', term: 1, held: true, runsSequence: 1, resultsSequence: 2 });
    expect(shared.entry?.value.watermark).toBeGreaterThan(clock.now() - 600);
  });

  test('passes within 3 s when its holder dies, with the next term', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(5000);
    a.own.kill();
    await clock.advance(3000);
    expect(b.told).toEqual(['elected 2']);
  });

  test('passes within 300 ms when its holder stops in good order', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(5000);
    await clock.until(a.elector.stop({ watermark: 7, runsSequence: 8, resultsSequence: 9 }));
    expect(a.elector.isTrusted()).toBe(false);
    expect(shared.entry?.value).toMatchObject({ held: false, watermark: 7 });
    await clock.advance(300);
    expect(b.told).toEqual(['elected 2']);
    expect(shared.entry?.value).toMatchObject({ nodeId: 'b', watermark: expect.any(Number) });
  });

  test('is given up in good order even when the answer to the last renewal was lost', async () => {
    await leading(a);
    a.line.losesAnswers = true;
    await clock.advance(510);
    a.line.losesAnswers = false;
    await clock.until(a.elector.stop(undefined));
    expect(shared.entry?.value.held).toBe(false);
  });

  test('is had back quickly by a node that died and came again', async () => {
    await leading(a);
    await clock.advance(2000);
    a.own.kill();
    const again = new Node('a', shared, clock);
    again.elector.start();
    await clock.advance(100);
    expect(again.elector.isLeading).toBe(false);
    await clock.advance(700);
    expect(again.told).toEqual(['elected 2']);
  });

  test('is kept by a holder whose renewal arrived and whose answer was lost', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(490);
    a.line.losesAnswers = true;
    await clock.advance(100);
    a.line.losesAnswers = false;
    await clock.advance(5000);
    expect(a.told).toEqual(['elected 1']);
    expect(a.elector.isTrusted()).toBe(true);
  });

  test('is not trusted by a holder that was paused longer than it lasts', async () => {
    await leading(a);
    await clock.advance(1000);
    expect(a.elector.isTrusted()).toBe(true);
    const pausedAt = clock.monotonic();
    // Nothing of it gets through: what it asks first on waking is whether it may send.
    a.line.isCut = true;
    await clock.advance(1900);
    expect(clock.monotonic() - pausedAt).toBe(1900);
    expect(a.elector.isTrusted()).toBe(false);
  });

  test('is lost to whoever took it meanwhile', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(2000);
    a.line.isCut = true;
    await clock.advance(4000);
    expect(b.elector.isTrusted()).toBe(true);
    a.line.isCut = false;
    await clock.advance(1000);
    expect(a.told.filter((word) => word !== 'unreachable')).toEqual(['elected 1', 'deposed']);
    expect([a.elector.isTrusted(), b.elector.isTrusted()]).toEqual([false, true]);
  });

  test('survives the loss of its entry', async () => {
    await leading(a);
    shared.entry = undefined;
    await clock.advance(2000);
    expect(a.told).toEqual(['elected 1']);
    expect(shared.entry).toMatchObject({ value: { nodeId: 'a', term: 1 } });
  });

  test('leaves no timer behind when everybody has stopped', async () => {
    await leading(a);
    a.elector.start();
    b.elector.start();
    await clock.advance(1000);
    await clock.until(Promise.all([a.elector.stop(undefined), b.elector.stop(undefined)]));
    await clock.advance(1000);
    expect(clock.timers).toBe(0);
  });
});

test('two nodes never trust themselves at once, and somebody leads again when the trouble is over', async () => {
  const troubles = fc.array(fc.record({
    node: fc.constantFrom(0, 1), what: fc.constantFrom('cut', 'mend', 'slow', 'fast', 'deaf', 'hear', 'jump'), forMs: fc.integer({ min: 1, max: 3000 }),
  }), { minLength: 1, maxLength: 15 });
  await fc.assert(fc.asyncProperty(troubles, async (all) => {
    const time = new VirtualClock();
    const lease = new SharedLease();
    const nodes = [new Node('a', lease, time), new Node('b', lease, time)] as const;
    for (const { elector } of nodes) elector.start();
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 50) {
        await time.advance(50);
        expect(nodes.every(({ elector }) => elector.isTrusted())).toBe(false);
      }
    };
    for (const { node, what, forMs } of all) {
      const { line } = nodes[node];
      if (what === 'cut' || what === 'mend') line.isCut = what === 'cut';
      if (what === 'slow' || what === 'fast') line.delayMs = what === 'slow' ? 700 : 1;
      if (what === 'deaf' || what === 'hear') line.losesAnswers = what === 'deaf';
      if (what === 'jump') time.jump(forMs % 2 === 0 ? 3_600_000 : -3_600_000);
      await pass(forMs);
    }
    for (const { line } of nodes) Object.assign(line, { isCut: false, delayMs: 1, losesAnswers: false });
    await pass(6000);
    expect(nodes.filter(({ elector }) => elector.isTrusted())).toHaveLength(1);
  }), { numRuns: 40 });
});
