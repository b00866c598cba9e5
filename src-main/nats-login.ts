import { readFileSync } from 'node:fs';
import { ConfigError, type Config } from '../src-core/system/index.ts';

/** How to identify ourselves to NATS, beyond what stands in the address. Throws ConfigError when the credentials cannot be read. */
export function natsLogin({ natsCreds, natsTlsCa, natsTlsCert, natsTlsKey }: Config): { credentials?: string; tls?: { caFile?: string; certFile?: string; keyFile?: string } } {
  const tls = { ...(natsTlsCa && { caFile: natsTlsCa }), ...(natsTlsCert && { certFile: natsTlsCert }), ...(natsTlsKey && { keyFile: natsTlsKey }) };
  return { ...(natsCreds && { credentials: readCredentials(natsCreds) }), ...(Object.keys(tls).length > 0 && { tls }) };
}

function readCredentials(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`NATSJOB_NATS_CREDS names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`]);
  }
}
