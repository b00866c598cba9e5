/** What a remote database speaks: `mysql` is MariaDB too, `postgres` is Kingbase in PostgreSQL mode too, `dm` is Dameng. */
export type DatabaseKind = 'mysql' | 'postgres' | 'dm';

/** `prefer`: encrypted if the server can, never checked. `require`: encrypted, checked only if `ca` is given. `verify`: certificate and name are checked. */
export type DatabaseTlsMode = 'off' | 'prefer' | 'require' | 'verify';

/** Where a remote database is and how to get in. Parsed by the configuration, opened by the store. */
export interface RemoteDatabase {
  readonly kind: DatabaseKind;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** PostgreSQL and Dameng only; otherwise the server's own choice. */
  readonly schema?: string;
  /** Paths of PEM files. */
  readonly tls: {
    readonly mode: DatabaseTlsMode;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    /** Name to expect in the certificate; otherwise the host. */
    readonly serverName?: string;
  };
  readonly connectTimeoutMs: number;
  /** What else the address said; what the driver does not know is left out. */
  readonly parameters: Readonly<Record<string, string>>;
}
