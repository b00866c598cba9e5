// What must not happen twice at once, in programs that know nothing of each other.
import { openLocks, openStatus } from 'natsjob/worker';

const place = { url: 'nats://127.0.0.1:4222' };
const locks = await openLocks(place);
const status = await openStatus(place);

/** Stands for what the lock guards: it has seen a fencing number, and takes nothing from a holder before that one. */
const ledger = { fence: 0, write(fence, text) { if (fence < this.fence) throw new Error('an old holder'); this.fence = fence; console.log(text); } };

// Waits up to a minute, renews the lock while it works, and releases it.
await locks.hold('ledger', { ttl: '10s', wait: '1m' }, async ({ fence, signal }) => {
  for (const step of [1, 2, 3]) {
    signal.throwIfAborted(); // the lock is lost: NATS, or this process, was away for longer than the ttl
    ledger.write(fence, `step ${step}`);
  }
});

// Once is enough: leaves it to whoever is at it.
const held = await locks.tryAcquire('sync-users', { ttl: '10m' });
if (held === undefined) console.log('somebody else syncs');
else await held.release();

await status.set('sync-users', { lastId: 42 }, { ttl: '1h' });
console.log('ready', JSON.stringify(await status.get('sync-users')));

await status.close();
await locks.close();
