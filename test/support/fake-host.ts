import type { HostApi } from '../../src-core/ports/host.ts';
import { T0 } from './fake-api.ts';

/** A program that says one thing of each kind of itself. */
export function createFakeHost(change: Partial<HostApi> = {}): HostApi {
  const backup = { name: 'natsjob-20260301T000000.000Z.sqlite', bytes: 9, at: T0 };
  return {
    settings: () => [{ name: 'NATSJOB_LOGIN_PWD', value: '******', source: 'environment NATSJOB_LOGIN_PWD', secret: true, description: 'Password', descriptionZh: '密码' }],
    database: async () => ({ kind: 'sqlite', path: '/data/natsjob.sqlite', server: '', canBackUp: true, bytes: 1, walBytes: 2, schemaVersion: 1, retentionMs: 3, oldestRunAt: undefined, backups: [backup] }),
    backUp: async () => backup,
    diagnostics: async () => ({ at: T0, version: '1.2.3', node: '22.0.0', platform: 'linux x64', checks: [{ name: 'disk', state: 'ok', detail: 'much' }] }),
    nats: {
      roundTripMs: async () => 1.5,
      publish: async () => undefined,
      bucketSize: async (bucket) => (bucket === 'natsjob-heartbeat' ? undefined : { entries: 3, bytes: 4 }),
      bucketEntries: async () => ({ items: [{ key: 'job.app.orders.nightly', text: '{}', revision: 12, at: T0 }], next: '12' }),
      watch: () => () => undefined,
    },
    ...change,
  };
}
