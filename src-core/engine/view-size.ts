import type { Clock, Store, StoreSize } from '../ports/index.ts';
import { timeLimit } from './time-limit.ts';

const LIMIT_MS = 500;

/**
 * How large the view is, for lists and figures that must neither fail nor wait because the database is away: then it is as it was
 * when last asked, and nothing before the first time.
 */
export function viewSize(store: Pick<Store, 'size'>, clock: Pick<Clock, 'after' | 'soon'>): () => Promise<StoreSize> {
  let known: StoreSize = { databaseBytes: 0, walBytes: 0 };
  let asking: Promise<void> | undefined;
  return async () => {
    asking ??= store.size().then((size) => void (known = size), () => undefined).finally(() => (asking = undefined));
    let cancel = (): void => {};
    const limit = new Promise<void>((resolve) => {
      cancel = timeLimit(clock, LIMIT_MS, resolve);
    });
    await Promise.race([asking, limit]).finally(() => cancel());
    return known;
  };
}
