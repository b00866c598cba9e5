// A pool of actors: each key in order, one message after the other; different keys beside each other.
import { openActorPool } from 'natsjob/worker';

const pool = openActorPool({
  name: 'thumbnails',
  actors: 8,
  inboxSize: 100,
  maxRestarts: 2,
  restartDelayMs: () => 10,
  // Made anew for an actor whose handler threw, so that no broken state is left.
  createHandler: () => {
    const seen = new Set();
    return async (picture, { attempt }) => {
      seen.add(picture.album);
      if (picture.file === 'broken.png') throw new Error(`cannot be read (try ${attempt})`);
      console.log(`${picture.album}: ${picture.file}`);
    };
  },
  onDeadLetter: ({ message, error, failures }) => console.log(`given up after ${failures} tries: ${message.file}: ${error.message}`),
});

// send() waits while the inbox of the key's actor is full.
for (const album of ['summer', 'winter']) {
  for (const file of ['1.png', 'broken.png', '2.png']) await pool.send({ album, file }, album);
}
await pool.drained();
console.log('ready', JSON.stringify(pool.figures()));

await pool.stop();
