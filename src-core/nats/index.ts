/** Bus and LeaseStore on a NATS server, and the nats-server we run ourselves. */
export { connectBus } from './connect-bus.ts';
export type { ConnectBusOptions } from './connect-bus.ts';
export type { TlsOptions } from './connection.ts';
export {
  JetStreamOffError, NatsServerFailedError, NatsServerMissingError, NotPermittedError, PortTakenError, StorageRefusedError, SubjectsTakenError,
} from './errors.ts';
export { BrokenLeaseError, createLeaseStore } from './lease-store.ts';
