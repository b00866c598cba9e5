import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { UnavailableError } from '../../domain/index.ts';
import type { RemoteDatabase } from '../../ports/index.ts';

export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'checkServerIdentity' | 'servername'>;

/**
 * What Node's TLS is to do. `verify` checks certificate and name; `require` with a CA checks the certificate and any name, as the
 * tools of both products do; otherwise the line is only encrypted. Files are read at each connection: a renewed one counts at once.
 * Throws UnavailableError for a file that cannot be read.
 */
export function tlsOptions({ tls, host }: Pick<RemoteDatabase, 'tls' | 'host'>): TlsOptions {
  const name = tls.serverName || host;
  const isVerified = tls.mode === 'verify';
  return {
    ...(tls.ca === undefined ? {} : { ca: read(tls.ca, 'CA') }),
    ...(tls.cert === undefined ? {} : { cert: read(tls.cert, 'certificate') }),
    ...(tls.key === undefined ? {} : { key: read(tls.key, 'key') }),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: isVerified || (tls.mode === 'require' && tls.ca !== undefined),
    checkServerIdentity: (_host, certificate) => (isVerified ? checkServerIdentity(name, certificate) : undefined),
  };
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UnavailableError(`The ${what} file for the database, ${file}, cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
