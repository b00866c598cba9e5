// Doorway to what only database servers and copies need, with their drivers: a bundle of its own.
export * from './copy/index.ts';
export { openRemoteStore } from './remote/open.ts';
