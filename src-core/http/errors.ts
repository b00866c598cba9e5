import type { FieldError } from '../domain/errors.ts';
import type { Problem } from './contract.ts';

/** What a route or a hook answers instead of a resource. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly kind: string;
  readonly title: string;
  readonly errors: readonly FieldError[];
  readonly extra: ProblemExtra;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, kind: string, title: string, detail: string, more: { errors?: readonly FieldError[]; extra?: ProblemExtra; headers?: Readonly<Record<string, string>> } = {}) {
    super(detail);
    this.status = status;
    this.kind = kind;
    this.title = title;
    this.errors = more.errors ?? [];
    this.extra = more.extra ?? {};
    this.headers = more.headers ?? {};
  }
}

export type ProblemExtra = Partial<Pick<Problem, 'reason' | 'currentVersion' | 'retryAfter' | 'instance'>>;

/** Another program, or another scheduler, listens there already. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly host: string;
  readonly port: number;
  constructor(host: string, port: number, cause: unknown) {
    super(`Port ${port} on ${host} is taken by another program.`, { cause });
    this.host = host;
    this.port = port;
  }
}

/** The address cannot be listened on: not ours, or a port that needs rights we do not have. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly host: string;
  readonly port: number;
  constructor(host: string, port: number, cause: unknown) {
    super(`Cannot listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
    this.host = host;
    this.port = port;
  }
}
