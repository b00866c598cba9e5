import { UnavailableError } from '../../src-core/domain/errors.ts';
import type { Store } from '../../src-core/ports/index.ts';

/**
 * What can befall a database behind a network: `away` refuses, `hangs` never answers, `unsure` takes batches and then says
 * that it did not, `late` takes them after so many milliseconds.
 */
export type Fault = 'away' | 'hangs' | 'unsure' | 'late';

export interface FaultyStore {
  /** As one node reaches it. */
  readonly store: Store;
  fault: Fault | undefined;
  /** Calls that hang are answered as if the connection had broken; they have not reached the database. */
  breakHanging(): void;
  /** Calls that hang reach the database now, be their process still there or not. */
  deliverHanging(): Promise<void>;
}

export function faultyStore(target: Store, later: (action: () => void) => void = () => {}): FaultyStore {
  const hanging = new Set<{ readonly reject: (error: Error) => void; readonly deliver: () => Promise<void> }>();
  const faulty: FaultyStore = {
    fault: undefined,
    breakHanging() {
      for (const { reject } of [...hanging]) reject(new UnavailableError('The connection to the database broke.'));
      hanging.clear();
    },
    async deliverHanging() {
      const calls = [...hanging];
      hanging.clear();
      for (const { deliver } of calls) await deliver();
    },
    store: new Proxy(target, {
      get(_, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        const call = (...args: unknown[]): Promise<unknown> => (member as (...all: unknown[]) => Promise<unknown>).apply(target, args);
        return async (...args: unknown[]) => {
          if (faulty.fault === 'away') throw new UnavailableError('The database is away.');
          if (faulty.fault === 'hangs') {
            return new Promise((resolve, reject) => hanging.add({ reject, deliver: () => call(...args).then(resolve, reject) }));
          }
          if (name !== 'apply') return call(...args);
          if (faulty.fault === 'late') await new Promise<void>((resolve) => later(resolve));
          const answer = await call(...args);
          if (faulty.fault === 'unsure') throw new UnavailableError('The connection to the database broke.');
          return answer;
        };
      },
    }),
  };
  return faulty;
}
