export * from './book-entry.ts';
export * from './gates.ts';
export * from './job-runs.ts';
export * from './rate.ts';
export * from './retry.ts';
export * from './routing.ts';
export * from './run-book.ts';
export * from './seen.ts';
