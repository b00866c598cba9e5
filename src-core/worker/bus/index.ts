/** An event bus over JetStream: topics in memory, at most once, and topics of envelopes in files, at least once, in order of their keys. */
export type { Envelope } from '../../wire/index.ts';
export { openEventBus } from './event-bus.ts';
export type { BusSubscription, EnvelopeContext, EnvelopeOptions, EventBus, EventBusOptions, SubscribeOptions } from './types.ts';
export type { OnFailure } from './subscription.ts';
export type { TopicLimits } from './streams.ts';
export type { BusMessage } from './taken-message.ts';
