import { connect } from '@nats-io/transport-node';
import { sleep } from './statistics.ts';
import type { CaseContext } from './types.ts';

/** Resolves, once it listens, to a promise of the moment (performance.now()) of the first message from then on. Waits for the server to be there. */
export async function listenForFirst(context: CaseContext, url: string, subject: string, limitMs = 60_000): Promise<{ first: Promise<number> }> {
  for (const giveUpAt = performance.now() + limitMs; ; await sleep(20)) {
    try {
      const connection = await connect({ servers: url, reconnect: false, timeout: 2_000 });
      context.defer(() => connection.close());
      const first = new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`Nothing came on ${subject} within ${limitMs} ms.`)), limitMs);
        connection.subscribe(subject, {
          max: 1,
          callback: () => {
            clearTimeout(timer);
            resolve(performance.now());
          },
        });
        void connection.closed().then(() => clearTimeout(timer));
      });
      first.catch(() => undefined);
      await connection.flush();
      return { first };
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
    }
  }
}
