/** Bus and LeaseStore on a NATS server, and the nats-server we run ourselves. */
export { connectBus } from './connect-bus.ts';
export type { ConnectBusOptions } from './connect-bus.ts';
export type { TlsOptions } from './connection.ts';
export {
  JetStreamOffError, NatsServerFailedError, NatsServerMissingError, NotPermittedError, PortTakenError, StorageRefusedError, SubjectsTakenError,
} from './errors.ts';
export { BrokenLeaseError, createLeaseStore } from './lease-store.ts';
export { startEmbeddedNats } from './embedded.ts';
export type { EmbeddedNats, EmbeddedNatsOptions, EmbeddedState } from './embedded.ts';
export { findNatsServer } from './find-server.ts';
export type { FindNatsServerOptions, FoundNatsServer } from './find-server.ts';
export { probeNats } from './probe.ts';
export type { NatsProbe } from './probe.ts';
