import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ANY_NODE_METHODS, anyNodeSubject, callSubject, decodeFrame, encodeFrame } from '../../../src-core/wire/index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('calls between nodes', () => {
  it('go on a subject of their own, which no stream takes in', () => {
    expect(callSubject('n1', 'run.start')).toBe('natsjob-node.n1.run.start');
    expect(callSubject('n1', '*')).toBe('natsjob-node.n1.*');
  });

  it('to any node have two tokens after it, so that no node of whatever name listens there', () => {
    for (const method of ANY_NODE_METHODS) expect(anyNodeSubject(method).split('.').slice(2)).toEqual(method.split('.'));
    expect(ANY_NODE_METHODS.map((method) => method.split('.').length)).toEqual(ANY_NODE_METHODS.map(() => 2));
  });

  it('have these bytes', () => {
    const frame = encodeFrame({ method: 'a', input: 'ä' }, bytes(0, 255));
    expect(Buffer.from(frame).toString('latin1')).toBe('\0\0\0\u001f{"method":"a","input":"\\u00e4"}\0\u00ff');
  });

  it('come out as they went in', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.uint8Array({ maxLength: 300 }), fc.nat(20), (head, raw, offset) => {
      const frame = encodeFrame(head, raw);
      // A message of NATS is a piece of a larger buffer.
      const within = new Uint8Array(frame.length + offset);
      within.set(frame, offset);
      const got = decodeFrame(within.subarray(offset));
      expect(got?.head).toEqual(JSON.parse(JSON.stringify(head)));
      expect([...(got?.bytes ?? [])]).toEqual([...raw]);
    }));
  });

  it('keep a long head with any script whole', () => {
    const text = '任务 🎈 '.repeat(20_000);
    expect(decodeFrame(encodeFrame({ text }, bytes()))?.head).toEqual({ text });
  });

  it.each([
    ['nothing', bytes()],
    ['less than a length', bytes(0, 0, 0)],
    ['a length beyond the end', bytes(0, 0, 0, 9, 123, 125)],
    ['a length beyond all', bytes(255, 255, 255, 255, 123, 125)],
    ['a head that is no JSON', bytes(0, 0, 0, 1, 123)],
    ['an empty head', bytes(0, 0, 0, 0, 1, 2)],
    ['a head that is not ASCII', bytes(0, 0, 0, 3, 34, 0xe4, 34)],
  ])('are none with %s', (_what, frame) => {
    expect(decodeFrame(frame)).toBeUndefined();
  });

  it('are never more than undefined for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (frame) => void decodeFrame(frame)));
  });
});
