/** The wire: every name and message of the protocol, and nothing of how it is carried. */
export * from './buckets.ts';
export * from './dispatch.ts';
export * from './end.ts';
export * from './events.ts';
export * from './flow.ts';
export * from './headers.ts';
export * from './heartbeat.ts';
export * from './keys.ts';
export * from './monitor.ts';
export * from './names.ts';
export * from './parse-subject.ts';
export * from './route.ts';
export * from './runid.ts';
export * from './subjects.ts';
export * from './text.ts';
export * from './times.ts';
export * from './vocabulary.ts';
