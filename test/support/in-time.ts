/**
 * Plays a scene that has to get something done within a time it gives the program, such as an answer before a run expires.
 * `scene` resolves with false when it was late itself, and is played again with more time: a busy machine may hold a test up
 * at any line, and that says nothing of the program.
 */
export async function inTime(scene: (ms: number) => Promise<boolean>, firstMs = 400): Promise<void> {
  for (let ms = firstMs; ms <= 64 * firstMs; ms *= 4) if (await scene(ms)) return;
  throw new Error('the test itself was too slow each time');
}

/** Of a moment as the wire writes it, in the zone of `openWorld`. Epoch ms. */
export function momentOf(stamp: string): number {
  return Date.parse(`${stamp.replace(' ', 'T')}+08:00`);
}
