import { expectTypeOf, it } from 'vitest';
import { openActorPool } from '../../../src-core/worker/index.ts';
import type { ActorPool, BusMessage, BusSubscription, Envelope, EnvelopeContext, EventBus } from '../../../src-core/worker/index.ts';

interface Paid {
  readonly amount: number;
}

it('the event bus and actor pools have the types they promise', () => {
  const use = async (bus: EventBus): Promise<void> => {
    expectTypeOf(await bus.subscribeEnvelope<Paid>('orders', (event, context) => {
      expectTypeOf(event).toEqualTypeOf<Envelope<Paid>>();
      expectTypeOf(event.payload.amount).toBeNumber();
      expectTypeOf(context).toEqualTypeOf<EnvelopeContext>();
      expectTypeOf(context.fence).toEqualTypeOf<number | undefined>();
    })).toEqualTypeOf<BusSubscription>();
    await bus.subscribeEnvelope('orders', (event) => expectTypeOf(event.payload).toBeUnknown());
    await bus.subscribe('news', (message) => {
      expectTypeOf(message).toEqualTypeOf<BusMessage>();
      expectTypeOf(message.json<Paid>()).toEqualTypeOf<Paid>();
    });
    expectTypeOf(bus.publish).parameter(1).toEqualTypeOf<string | Uint8Array>();
    expectTypeOf(await bus.publishEnvelope('orders', { aggregateId: 'a', type: 't', version: 1, at: 1, payload: null })).toBeNumber();
    // @ts-expect-error an envelope has to say whose it is
    await bus.publishEnvelope('orders', { type: 't', version: 1, at: 1, payload: null });
    // @ts-expect-error at most once nothing is held
    await bus.subscribe('news', () => {}, { onFailure: 'hold' });
  };
  expectTypeOf(use).toBeFunction();
  expectTypeOf(openActorPool<Paid>).returns.toEqualTypeOf<ActorPool<Paid>>();
});
