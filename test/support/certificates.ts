import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { giveTo, run } from './database-server.ts';

export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A CA of its own and a certificate it signed for the host name, in files that the server's user may read. */
export function makeCertificates(folder: string, hostName: string): Certificates {
  const file = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): string => run('openssl', args);
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=test CA', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${hostName}`, '-keyout', file('server.key'), '-out', file('server.csr'));
  writeFileSync(file('names'), `subjectAltName=DNS:${hostName}\n`);
  openssl('x509', '-req', '-in', file('server.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', file('names'), '-out', file('server.pem'));
  chmodSync(file('server.key'), 0o600);
  for (const name of ['server.key', 'server.pem', 'ca.pem']) giveTo(file(name));
  return { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') };
}
