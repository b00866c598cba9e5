import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface Breaker {
  readonly port: number;
  /** Cuts every connection; new ones are let through. */
  cut(): Promise<void>;
  /** Swallows everything in both directions without closing; new connections are let through. */
  freeze(): void;
  /** From now on drops each piece on its way to the client that holds the text, once; later pieces pass. */
  dropTowardsClient(text: string): void;
  close(): Promise<void>;
}

/** A relay to a port of this machine that can break what runs through it. */
export async function startBreaker(targetPort: number): Promise<Breaker> {
  let dropped = '';
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
    outer.pipe(new Transform({
      transform(piece: Buffer, _encoding, done) {
        if (dropped === '' || !piece.includes(dropped)) done(null, piece);
        else {
          dropped = '';
          done();
        }
      },
    })).pipe(inner);
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
        inner.unpipe();
        outer.unpipe();
        inner.pause();
        outer.pause();
      }
    },
    dropTowardsClient(text) {
      dropped = text;
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
