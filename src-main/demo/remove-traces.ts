import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Removes the demo's folder, and ends its NATS server if the scheduler could not do so itself. */
export function removeTraces(folder: string): void {
  try {
    // The server removes its file when it ends in order.
    process.kill(Number(readFileSync(path.join(folder, 'data', 'nats', 'nats-server.pid'), 'utf8')), 'SIGKILL');
  } catch {
    // It is gone, as it should be.
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
