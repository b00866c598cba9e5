import type { DmConnection, DmDriver } from '../../src-core/sql/dm/driver.ts';

export interface DmCall {
  readonly text: string;
  readonly params: readonly unknown[];
  /** Of executeMany. */
  readonly rows?: readonly (readonly unknown[])[];
  readonly types?: readonly number[];
}

export interface FakeDm {
  readonly driver: DmDriver;
  /** Everything asked of any connection, in its order. */
  readonly calls: readonly DmCall[];
  /** What the last connection was opened with. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Connections not closed. */
  readonly open: number;
  failNext(error: Error): void;
}

/** Stands in for the package `dmdb`: records what is asked and answers with rows as the caller says. */
export function fakeDm(answer: (text: string) => readonly (readonly unknown[])[]): FakeDm {
  const calls: DmCall[] = [];
  let attributes: Readonly<Record<string, unknown>> = {};
  let open = 0;
  let failure: Error | undefined;
  const record = (call: DmCall): void => {
    const error = failure;
    failure = undefined;
    if (error !== undefined) throw error;
    calls.push(call);
  };
  const connection: DmConnection = {
    async execute(text, params) {
      record({ text, params });
      return { rows: answer(text) };
    },
    async executeMany(text, rows, { bindDefs }) {
      record({ text, params: [], rows, types: bindDefs.map(({ type }) => type) });
    },
    commit: async () => record({ text: 'commit', params: [] }),
    rollback: async () => record({ text: 'rollback', params: [] }),
    close: async () => void open--,
  };
  return {
    driver: {
      CLOB: 2017, NUMBER: 2010, STRING: 2001, OUT_FORMAT_ARRAY: 4001, fetchAsString: [],
      async getConnection(given) {
        attributes = given;
        open++;
        return connection;
      },
    },
    calls,
    get attributes() {
      return attributes;
    },
    get open() {
      return open;
    },
    failNext: (error) => (failure = error),
  };
}
