import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FireLedger } from '../../../src-core/engine/fire-ledger.ts';

describe('the ledger of fires', () => {
  test('keeps the watermark before the oldest fire that is not in the log', () => {
    const ledger = new FireLedger(10);
    expect(ledger.progress(500, 12)).toEqual({ watermark: 500, runsSequence: 12 });
    ledger.opened(400, 12);
    ledger.opened(450, 15);
    ledger.opened(400, 20);
    expect(ledger.progress(500, 30)).toEqual({ watermark: 399, runsSequence: 12 });
    ledger.settled(400);
    expect(ledger.progress(500, 30).watermark).toBe(399);
    ledger.settled(400);
    expect(ledger.progress(500, 30)).toEqual({ watermark: 449, runsSequence: 15 });
    ledger.settled(450);
    expect(ledger.progress(500, 30)).toEqual({ watermark: 500, runsSequence: 30 });
  });

  test('never speaks of a sequence before this leader began', () => {
    const ledger = new FireLedger(10);
    ledger.opened(1, 0);
    expect(ledger.progress(5, 0)).toEqual({ watermark: 0, runsSequence: 10 });
  });

  test('speaks of the fires of the leader before until the watermark has passed them', () => {
    const ledger = new FireLedger(100, { after: 40, through: 300 });
    expect(ledger.progress(250, 120)).toEqual({ watermark: 250, runsSequence: 40 });
    expect(ledger.progress(300, 120)).toEqual({ watermark: 300, runsSequence: 120 });
  });

  test('speaks of a fire of the leader before that came into the log late', () => {
    const ledger = new FireLedger(100, { after: 40, through: 0 });
    expect(ledger.progress(250, 120)).toEqual({ watermark: 250, runsSequence: 120 });
    ledger.foundSent(300);
    ledger.foundSent(280);
    expect(ledger.progress(299, 120)).toEqual({ watermark: 299, runsSequence: 40 });
    expect(ledger.progress(300, 120)).toEqual({ watermark: 300, runsSequence: 120 });
  });

  test('keeps the sequence before a moment that is decided in part', () => {
    const ledger = new FireLedger(0);
    ledger.opened(400, 5);
    ledger.settled(400);
    expect(ledger.progress(399, 9)).toEqual({ watermark: 399, runsSequence: 5 });
    ledger.opened(400, 9);
    ledger.settled(400);
    expect(ledger.progress(400, 12)).toEqual({ watermark: 400, runsSequence: 12 });
  });

  test('whatever settles in whatever order: no unsettled fire is at or before the watermark, none was sent before the sequence', () => {
    const steps = fc.array(fc.record({ settle: fc.boolean(), pick: fc.nat(100), gap: fc.nat(3) }), { maxLength: 100 });
    fc.assert(fc.property(steps, (all) => {
      const ledger = new FireLedger(0);
      const open: { at: number; sequence: number }[] = [];
      const sent: { at: number; sequence: number }[] = [];
      let at = 1000;
      let sequence = 0;
      let acknowledged = 0;
      for (const { settle, pick, gap } of all) {
        if (settle && open.length > 0) {
          const [fire] = open.splice(pick % open.length, 1) as [{ at: number; sequence: number }];
          acknowledged = Math.max(acknowledged, fire.sequence);
          ledger.settled(fire.at);
        } else {
          at += gap;
          ledger.opened(at, acknowledged);
          const fire = { at, sequence: ++sequence };
          open.push(fire);
          sent.push(fire);
        }
        const { watermark, runsSequence } = ledger.progress(at - 1, acknowledged);
        for (const fire of open) expect(fire.at).toBeGreaterThan(watermark);
        for (const fire of sent) if (fire.at > watermark) expect(fire.sequence).toBeGreaterThan(runsSequence);
      }
    }));
  });
});
