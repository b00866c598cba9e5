import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ledger } from '../../../src-core/worker/bus/ledger.ts';

it('a ledger knows of each sequence within its reach whether it is new, in hand or done, and how far back it reaches', () => {
  const step = fc.record({ act: fc.constantFrom('hold', 'finish', 'release'), at: fc.nat({ max: 40 }) });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const ledger = new Ledger<string>(64);
    const held = new Map<number, string>();
    const done = new Set<number>();
    let highest = 0;
    for (const { act, at } of steps) {
      const sequence = 1_000 + at;
      if (act === 'hold' && !held.has(sequence) && !done.has(sequence)) {
        ledger.hold(sequence, `${sequence}`);
        held.set(sequence, `${sequence}`);
        highest = Math.max(highest, sequence);
      } else if (held.has(sequence) && act !== 'hold') {
        if (act === 'finish') {
          ledger.finish(sequence);
          done.add(sequence);
        } else ledger.release(sequence);
        held.delete(sequence);
      }
      const oldest = held.size === 0 ? undefined : Math.min(...held.keys());
      expect(ledger.oldest).toBe(oldest);
      expect(ledger.spread).toBe(oldest === undefined ? 0 : highest - oldest + 1);
      expect([...ledger.held()]).toEqual([...held]);
      for (let one = 1_000; one <= 1_040; one++) expect(ledger.look(one)).toBe(held.has(one) ? 'held' : done.has(one) ? 'done' : 'new');
    }
  }));
});

it('a ledger forgets what was done long ago', () => {
  const ledger = new Ledger<null>(4);
  for (let sequence = 1; sequence <= 5; sequence++) {
    ledger.hold(sequence, null);
    ledger.finish(sequence);
  }
  expect([1, 2, 5].map((sequence) => ledger.look(sequence))).toEqual(['new', 'done', 'done']);
});
