import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import { Elector } from '../../../src-core/engine/elector.ts';
import type { LeaseEntry } from '../../../src-core/ports/lease-store.ts';
import { LeaseLine, SharedLease } from '../../support/memory-lease.ts';
import { ProcessClock, VirtualClock } from '../../support/virtual-clock.ts';
import { SILENT } from '../../support/virtual-node.ts';

class Node {
  readonly line: LeaseLine;
  readonly own: ProcessClock;
  readonly elector: Elector;
  readonly told: string[] = [];
  logEnd = 0;
  blindThrough = 0;
  isReading = false;

  constructor(nodeId: string, shared: SharedLease, clock: VirtualClock, { processId = nodeId, processBefore = '' } = {}) {
    this.own = new ProcessClock(clock);
    this.line = new LeaseLine(shared, clock);
    const context = { config: { nodeId, processId, processBefore }, clock: this.own, leaseStore: this.line, bus: { state: 'connected', streamInfo: async () => ({ lastSequence: this.logEnd }) }, log: SILENT } as unknown as EngineContext;
    this.elector = new Elector(context, {
      elected: (term) => void this.told.push(`elected ${term}`),
      deposed: () => void this.told.push('deposed'),
      progress: () => (this.isReading ? undefined : { watermark: clock.now(), runsSequence: 1, resultsSequence: 2 }),
      blindThrough: () => this.blindThrough,
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

/** Behind whoever died. */
async function leadingLater(node: Node): Promise<void> {
  node.elector.start();
  await clock.advance(3000);
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

  test('passes at once when its entry is watched, and to one node only', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(5000);
    await clock.until(a.elector.stop(undefined));
    for (const text of [JSON.stringify(shared.entry?.value), JSON.stringify(shared.entry?.value)]) b.elector.apply('lease', text);
    await clock.advance(10);
    expect(b.told).toEqual(['elected 2']);
    a.elector.apply('lease', JSON.stringify({ ...shared.entry?.value, held: false }));
    await clock.advance(2000);
    expect([a.told, b.told]).toEqual([['elected 1'], ['elected 2']]);
    await clock.until(Promise.all([a.elector.stop(undefined), b.elector.stop(undefined)]));
    expect(clock.timers).toBe(0);
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
    const again = new Node('a', shared, clock, { processId: 'a2', processBefore: 'a' });
    again.elector.start();
    await clock.advance(100);
    expect(again.elector.isLeading).toBe(false);
    await clock.advance(700);
    expect(again.told).toEqual(['elected 2']);
  });

  test('is no sooner had by another process under the same node id, which is not known to be dead', async () => {
    await leading(a);
    await clock.advance(2000);
    const double = new Node('a', shared, clock, { processId: 'a2' });
    double.elector.start();
    await clock.advance(10_000);
    expect([a.elector.isTrusted(), double.elector.isLeading]).toEqual([true, false]);
    a.own.kill();
    await clock.advance(1400);
    expect(double.elector.isLeading).toBe(false);
    await clock.advance(1500);
    expect(double.told).toEqual(['elected 2']);
  });

  test('is not kept by a process whose lease another took under the same node id and term', async () => {
    await leading(a);
    shared.entry = { value: { ...(shared.entry as LeaseEntry).value, process: 'a2' }, revision: 99 };
    await clock.advance(1000);
    expect(a.told).toEqual(['elected 1', 'deposed']);
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

  test('that is gone is not taken before whoever may hold it has stopped, not even by a node that has seen none', async () => {
    await leading(a);
    await clock.advance(1000);
    shared.entry = undefined;
    // It cannot write it anew.
    a.line.isCut = true;
    b.logEnd = 1;
    b.elector.start();
    for (let waited = 0; waited < 3000; waited += 50) {
      await clock.advance(50);
      expect([a.elector.isTrusted(), b.elector.isTrusted()]).not.toEqual([true, true]);
    }
    expect(b.elector.isTrusted()).toBe(true);
  });

  test('that is gone is not taken at once by who gave it up before another took it', async () => {
    await leading(a);
    await clock.until(a.elector.stop({ watermark: 1, runsSequence: 1, resultsSequence: 1 }));
    await leading(b);
    shared.entry = undefined;
    a.elector.start();
    await clock.advance(300);
    expect([a.elector.isLeading, b.elector.isTrusted()]).toEqual([false, true]);
    b.own.kill();
    await clock.advance(3000);
    expect(a.elector.isTrusted()).toBe(true);
    expect(a.elector.term).toBeGreaterThan(b.elector.term);
  });

  test('that is gone is not written anew by a holder that was paused longer than it lasts', async () => {
    await leading(a);
    b.elector.start();
    await clock.advance(1000);
    a.own.stop();
    await clock.advance(3000);
    expect(b.elector.isTrusted()).toBe(true);
    shared.entry = undefined;
    a.own.goOn();
    await clock.advance(100);
    expect([a.elector.isLeading, b.elector.isTrusted()]).toEqual([false, true]);
  });

  test('says when it is given up what was sent without a trace, whatever the clock says by then', async () => {
    await leading(a);
    a.blindThrough = clock.now();
    clock.jump(-60_000);
    await clock.until(a.elector.stop(undefined));
    expect(shared.entry?.value).toMatchObject({ held: false, blindThrough: a.blindThrough });
    await leading(b);
    await clock.until(b.elector.stop({ watermark: 7, runsSequence: 8, resultsSequence: 9 }));
    expect(shared.entry?.value.blindThrough).toBe(a.blindThrough);
  });

  test('says at each renewal what was sent without a trace, as the clock may be set back before the next', async () => {
    await leading(a);
    const sent = clock.now() + 600;
    a.blindThrough = sent;
    await clock.advance(1000);
    clock.jump(-60_000);
    await clock.advance(1000);
    a.own.kill();
    await leadingLater(b);
    expect(shared.entry?.value.blindThrough).toBeGreaterThanOrEqual(sent);
  });

  test('lets nothing be fired that is due later than its next holder believes', async () => {
    await leading(a);
    await clock.advance(1200);
    expect(a.elector.mayFireThrough).toBe((shared.entry?.value.at ?? 0) + 2000);
    expect(a.elector.mayFireThrough).toBeGreaterThan(clock.now());
    clock.jump(5000);
    expect(a.elector.mayFireThrough).toBeLessThan(clock.now());
    await clock.advance(510);
    expect(a.elector.mayFireThrough).toBeGreaterThan(clock.now());
  });

  test('that is gone is taken anew with what its taker sent without a trace before', async () => {
    await leading(a);
    a.blindThrough = clock.now();
    clock.jump(-60_000);
    a.line.isCut = true;
    await clock.until(a.elector.stop(undefined));
    shared.entry = undefined;
    a.line.isCut = false;
    a.logEnd = 1;
    a.elector.start();
    await clock.advance(3000);
    // Others may have held it until then, by a clock like the one before.
    expect((shared.entry as LeaseEntry | undefined)?.value.blindThrough).toBeGreaterThanOrEqual(a.blindThrough);
    expect((shared.entry as LeaseEntry | undefined)?.value.blindThrough).toBeLessThanOrEqual(a.blindThrough + 2000);
  });

  test('that is gone is not taken for given up by who gave it up before another held it', async () => {
    await leading(a);
    await clock.until(a.elector.stop({ watermark: 1, runsSequence: 1, resultsSequence: 1 }));
    await leading(b);
    await clock.advance(5000);
    b.own.kill();
    shared.entry = undefined;
    a.elector.start();
    await clock.advance(3000);
    expect(a.elector.isTrusted()).toBe(true);
    // The other may have sent something without a trace until it died.
    expect(shared.entry).toMatchObject({ value: { nodeId: 'a', watermark: expect.any(Number) } });
    expect((shared.entry as LeaseEntry | undefined)?.value.blindThrough).toBeGreaterThan(clock.now() - 1200);
  });

  test('that nobody has seen says where firing begins, whoever dies before it leads', async () => {
    const from = clock.now();
    a.isReading = b.isReading = true;
    await leading(a);
    const beginsAt = shared.entry?.value.beginsAt ?? 0;
    expect(beginsAt - from).toBeLessThan(20);
    await clock.advance(1000);
    expect(shared.entry?.value).toMatchObject({ nodeId: 'a', watermark: 0, beginsAt });
    a.own.kill();
    b.elector.start();
    await clock.advance(3000);
    expect(shared.entry?.value).toMatchObject({ nodeId: 'b', watermark: 0, beginsAt });
  });

  test('that nobody has seen says nothing of how far firing is until its holder knows', async () => {
    a.isReading = true;
    await leading(a);
    await clock.advance(1000);
    expect(shared.entry?.value.watermark).toBe(0);
    a.isReading = false;
    await clock.advance(1000);
    expect(shared.entry?.value.watermark).toBeGreaterThan(clock.now() - 600);
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
