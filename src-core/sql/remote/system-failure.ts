import type { Failure } from './dialect.ts';

const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ECONNABORTED', 'EADDRNOTAVAIL', 'EMFILE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);
const TLS = /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|ERR_X509)/;

/** What the operating system or TLS says of a connection; undefined for anything else. Several addresses of a name fail as one. */
export function systemFailure(error: unknown): Failure | undefined {
  const inner = error instanceof AggregateError ? error.errors[0] as unknown : error;
  const { code = '', message = '' } = inner as { code?: unknown; message?: string };
  if (typeof code !== 'string') return undefined;
  if (AWAY.has(code)) return { kind: 'away', code, detail: message };
  return TLS.test(code) ? { kind: 'refused', code, detail: message } : undefined;
}
