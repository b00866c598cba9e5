/** All that goes over HTTP and the live feed: what the panel, the CLI and other programs may rely on. */
export * from './contract/resources.ts';
export * from './contract/execution.ts';
export type * from './contract/looking.ts';
export type * from './contract/machines.ts';
export type * from './contract/pause.ts';
export type * from './contract/upkeep.ts';
export * from './contract/live.ts';
