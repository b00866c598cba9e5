/** HTTP: the API, its login, the live feed, its description, and the pages. */
export type * from './contract.ts';
export { API_BASE, LIVE_TYPES } from './contract.ts';
export { serveCalls } from './calls/serve-calls.ts';
export type { CallsOptions, ServedCalls } from './calls/serve-calls.ts';
export { ListenError, PortTakenError } from './errors.ts';
export { createMetrics } from './metrics/create-metrics.ts';
export { startHttp } from './server/start-http.ts';
export type { HttpOptions, HttpServer } from './server/start-http.ts';
