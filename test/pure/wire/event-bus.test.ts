import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope } from '../../../src-core/wire/index.ts';
import type { Envelope } from '../../../src-core/wire/index.ts';

const GOOD: Envelope = { aggregateId: 'order-7', type: 'paid', version: 3, at: 1_770_000_000_000, payload: { amount: 12.5 } };

describe('an envelope', () => {
  it('is this on the wire', () => {
    expect(encodeEnvelope(GOOD)).toBe('{"v":1,"aggregateId":"order-7","type":"paid","version":3,"at":1770000000000,"payload":{"amount":12.5}}');
  });

  it('comes back as it was', () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }), fc.string(), fc.nat(), fc.nat(), fc.jsonValue(), (aggregateId, type, version, at, json) => {
      // JSON has no -0.
      const payload = JSON.parse(JSON.stringify(json)) as unknown;
      const envelope = { aggregateId, type, version, at, payload };
      expect(decodeEnvelope(encodeEnvelope(envelope) ?? '')).toEqual(envelope);
    }));
  });

  it('without a payload has null', () => {
    expect(decodeEnvelope(encodeEnvelope({ ...GOOD, payload: undefined }) ?? '')).toEqual({ ...GOOD, payload: null });
  });

  it.each([{ aggregateId: '' }, { version: 1.5 }, { version: -1 }, { at: Number.NaN }, { payload: 1n }, { type: undefined }])('is not made of %o', (fields) => {
    expect(encodeEnvelope({ ...GOOD, ...fields } as unknown as Envelope)).toBeUndefined();
  });

  it.each(['', '[]', 'null', '{}', '{"v":2,"aggregateId":"a","type":"t","version":1,"at":1}', '{"v":1,"aggregateId":7,"type":"t","version":1,"at":1}', '{"v":1,"aggregateId":"a","type":"t","version":"1","at":1}'])('is not read from %j', (text) => {
    expect(decodeEnvelope(text)).toBeUndefined();
  });
});
