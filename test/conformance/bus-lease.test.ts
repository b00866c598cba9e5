import { beforeEach, describe, expect, it } from 'vitest';
import type { LeaseValue } from '../../src-core/domain/lease.ts';
import { createLeaseStore } from '../../src-core/nats/index.ts';
import type { Clock } from '../../src-core/ports/clock.ts';
import { CONTROL_BUCKET } from '../../src-core/wire/index.ts';
import { MemoryNats } from '../support/memory-nats.ts';

const clock: Clock = { now: () => 0, monotonic: () => 0, soon: (action) => void setImmediate(action), after: () => () => {} };
const value: LeaseValue = { nodeId: 'a', term: 1, watermark: 1_700_000_000_000, runsSequence: 5, resultsSequence: 6, held: true };

describe('the lease in its bucket', () => {
  let server: MemoryNats;
  beforeEach(() => {
    server = new MemoryNats(clock);
    server.makeObjects();
  });

  it('is absent at first, then what was written last', async () => {
    const store = createLeaseStore(server.connect());
    expect(await store.read()).toBeUndefined();
    const revision = (await store.write(value, 0)) ?? 0;
    expect(await store.read()).toEqual({ value, revision });
    const next = { ...value, watermark: value.watermark + 1, held: false };
    await store.write(next, revision);
    expect((await store.read())?.value).toEqual(next);
  });

  it('goes to the faster of two nodes', async () => {
    const [one, two] = [createLeaseStore(server.connect()), createLeaseStore(server.connect())];
    const results = await Promise.all([one.write({ ...value, nodeId: 'one' }, 0), two.write({ ...value, nodeId: 'two' }, 0)]);
    expect(results.filter((revision) => revision !== undefined)).toHaveLength(1);
  });

  it.each(['', 'null', '[]', '"x"', '{', '{}', JSON.stringify({ ...value, term: -1 }), JSON.stringify({ ...value, term: 1.5 }), JSON.stringify({ ...value, held: 1 }), JSON.stringify({ ...value, nodeId: 7 })])(
    'names the key to delete when it holds %s',
    async (text) => {
      server.put(CONTROL_BUCKET, 'lease', text);
      await expect(createLeaseStore(server.connect()).read()).rejects.toMatchObject({ name: 'BrokenLeaseError', message: expect.stringContaining('lease') as string });
    },
  );

  it('is out of reach while the connection is cut', async () => {
    const bus = server.connect();
    bus.cut();
    await expect(createLeaseStore(bus).read()).rejects.toMatchObject({ name: 'UnavailableError' });
  });
});
