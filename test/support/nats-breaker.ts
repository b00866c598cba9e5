import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Breaker {
  readonly port: number;
  /** Cuts every connection; new ones are let through. */
  cut(): Promise<void>;
  /** Swallows everything in both directions without closing, until `release`. */
  freeze(): void;
  release(): void;
  close(): Promise<void>;
}

/** A relay to a port of this machine that can break what runs through it. */
export async function startBreaker(targetPort: number): Promise<Breaker> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((inner) => {
    const outer = connect(targetPort, '127.0.0.1');
    const pair = [inner, outer] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      inner.destroy();
      outer.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    inner.pipe(outer);
    outer.pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async cut() {
      for (const [inner, outer] of [...pairs]) {
        inner.destroy();
        outer.destroy();
      }
    },
    freeze() {
      for (const [inner, outer] of pairs) {
        inner.unpipe(outer);
        outer.unpipe(inner);
        inner.pause();
        outer.pause();
      }
    },
    release() {
      for (const [inner, outer] of pairs) {
        inner.pipe(outer);
        outer.pipe(inner);
      }
    },
    async close() {
      for (const [inner, outer] of [...pairs]) {
        inner.destroy();
        outer.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
