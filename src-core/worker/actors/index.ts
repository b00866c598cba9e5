/** Actors: messages of one key in order, one after the other; bounded inboxes; restarts and dead letters. */
export { openActorPool } from './actor-pool.ts';
export type { ActorPool, ActorPoolFigures, ActorPoolOptions, DeadLetter } from './actor-pool.ts';
export type { ActorContext, ActorHandler } from './actor.ts';
export { keepDeadLetters } from './dead-letters.ts';
export type { DeadLettersOptions } from './dead-letters.ts';
export type { AfterFailure } from './failure.ts';
export type { MetricsRegistry } from './pool-metrics.ts';
export { actorOf } from './route.ts';
