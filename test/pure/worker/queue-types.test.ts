import { describe, expectTypeOf, it } from 'vitest';
import { JobQueue } from '../../../src-core/worker/index.ts';
import type { CompletedEvent, JobHandler, QueueJob } from '../../../src-core/worker/index.ts';

// Only the types are looked at: nothing of it is called.
interface Jobs {
  readonly resize: { readonly path: string };
  readonly mail: { readonly to: string };
}

describe('the types of a queue', () => {
  const queue = new JobQueue<Jobs>('types');
  const plain = new JobQueue('types');

  it('let only its names be added, with their data', () => {
    expectTypeOf(queue.add<'resize'>).parameter(1).toEqualTypeOf<{ readonly path: string } | undefined>();
    expectTypeOf(queue.add<'resize'>).returns.toEqualTypeOf<Promise<QueueJob<{ readonly path: string }>>>();
    // @ts-expect-error there is no such name
    void ((): unknown => queue.add('shrink', {}));
    // @ts-expect-error these are the other name's data
    void ((): unknown => queue.add('resize', { to: 'a' }));
  });

  it('give each handler the data of its name', () => {
    void ((): unknown => queue.process('resize', ({ data }) => expectTypeOf(data).toEqualTypeOf<{ readonly path: string }>()));
    void ((): unknown => queue.process({ mail: ({ data }) => expectTypeOf(data).toEqualTypeOf<{ readonly to: string }>() }));
    void ((): unknown => queue.process(({ data }) => expectTypeOf(data).toEqualTypeOf<Jobs[keyof Jobs]>()));
    expectTypeOf<JobHandler>().parameter(0).toHaveProperty('data').toEqualTypeOf<unknown>();
  });

  it('leave data unknown where nobody said what it is', () => {
    expectTypeOf(plain.add).parameter(0).toEqualTypeOf<string>();
    void ((): unknown => plain.process(({ data }) => expectTypeOf(data).toEqualTypeOf<unknown>()));
  });

  it('know the events', () => {
    void ((): unknown => queue.on('completed', (event) => expectTypeOf(event).toEqualTypeOf<CompletedEvent>()));
    // @ts-expect-error there is no such event
    void ((): unknown => queue.on('done', () => undefined));
  });
});
