// A program that acquires a lock and says what becomes of it, a line each: `node lock-holder.ts <url> <key> <ttl ms> <wait ms>`.
// Asks its monotonic clock what it would do: `write <fence>` each time it still believes to hold the lock.
import { openLocks } from '../../src-core/worker/index.ts';

const [url = '', key = '', ttl = '', wait = ''] = process.argv.slice(2);
const locks = await openLocks({ url });
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const lock = await locks.acquire(key, { ttl: Number(ttl), wait: Number(wait) });
say(`acquired ${lock.fence}`);
lock.signal.addEventListener('abort', () => {
  say(`lost ${(lock.signal.reason as Error).name}`);
  void locks.close().then(() => process.exit(0));
});
setInterval(() => {
  if (lock.isHeld) say(`write ${lock.fence}`);
}, 20);
process.stdin.once('data', () => {
  void lock.release().then(async () => {
    say('released');
    await locks.close();
    process.exit(0);
  });
});
