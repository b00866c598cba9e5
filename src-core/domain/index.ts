export * from './errors.ts';
export * from './job.ts';
export * from './lease.ts';
export * from './names.ts';
export * from './run.ts';
export * from './skip.ts';
export * from './transitions.ts';
export * from './worker.ts';
