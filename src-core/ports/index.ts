export type * from './api.ts';
export type * from './bus.ts';
export type * from './clock.ts';
export type * from './lease-store.ts';
export type * from './log.ts';
export type * from './looking.ts';
export type * from './machine.ts';
export type * from './metrics.ts';
export * from './store.ts';
