const LOOK_MS = 10;
const MOST_MS = 50;

/**
 * How long something takes for a process that is not kept waiting: of the time between two looks, ten milliseconds apart, no more
 * counts than 50 ms, however long others had the machine.
 */
export async function awakeMs(work: Promise<unknown>): Promise<number> {
  let sum = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    sum += Math.min(now - last, MOST_MS);
    last = now;
  };
  const timer = setInterval(look, LOOK_MS);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  look();
  return sum;
}
