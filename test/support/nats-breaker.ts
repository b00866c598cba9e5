import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface Breaker {
  readonly port: number;
  /** Cuts every connection; new ones are let through. */
  cut(): Promise<void>;
  /** Swallows everything in both directions without closing; new connections are let through. */
  freeze(): void;
  /** Does so with the connection on which the client next sends the text, which gets to nobody. Resolves when that has happened. */
  freezeAt(text: string): Promise<void>;
  /**
   * A network that loses everything: what is sent stays with its sender, who goes on trying, and nobody gets through with
   * a new connection. `givenUp` resolves when all that were connected have given their connections up.
   */
  part(): { readonly givenUp: Promise<unknown> };
  /** The network is back before anybody gave up: connections go on, with what their senders still try to send. */
  thaw(): void;
  /** The network is back and has forgotten the connections. */
  heal(): void;
  /** From now on drops each piece on its way to the client that holds the text, once; later pieces pass. */
  dropTowardsClient(text: string): void;
  /**
   * Cuts the connection on which the client next sends the text, before that gets to the server; or, with `answer`, once the
   * server has answered with a text that holds it, and nothing of the answer gets through. Resolves when that has happened.
   */
  cutAt(text: string, answer?: string): Promise<void>;
  close(): Promise<void>;
}

/** A relay to a port of this machine that can break what runs through it. */
export async function startBreaker(targetPort: number): Promise<Breaker> {
  let dropped = '';
  let cutting: { readonly text: string; readonly answer: string | undefined; readonly done: () => void } | undefined;
  let freezing: { readonly text: string; readonly done: () => void } | undefined;
  let isParted = false;
  const pairs = new Set<readonly [Socket, Socket]>();
  /** What senders try to send meanwhile; gone when they give up. */
  const held = new Map<Socket, Buffer[]>();
  const server = createServer((inner) => {
    const outer = connect(targetPort, '127.0.0.1');
    const pair = [inner, outer] as const;
    pairs.add(pair);
    let isAnswerLost = false;
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
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      const unsent: Buffer[] = [];
      held.set(from, unsent);
      from.on('close', () => held.delete(from));
      from.pipe(new Transform({
        transform(piece: Buffer, _encoding, done) {
          if (freezing !== undefined && from === inner && piece.includes(freezing.text)) {
            freeze(pair);
            freezing.done();
            return done();
          }
          if (cutting !== undefined && from === inner && piece.includes(cutting.text)) {
            if (cutting.answer !== undefined) {
              isAnswerLost = true;
              return done(null, piece);
            }
            cutting.done();
            return end();
          }
          if (isAnswerLost && from === outer) {
            if (cutting !== undefined && !piece.includes(cutting.answer ?? '')) return done();
            cutting?.done();
            return end();
          }
          if (isParted) unsent.push(piece);
          else if (from === outer && dropped !== '' && piece.includes(dropped)) dropped = '';
          else return done(null, piece);
          done();
        },
      })).pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = (): void => {
    for (const [inner, outer] of [...pairs]) {
      inner.destroy();
      outer.destroy();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    async cut() {
      cutAll();
    },
    freeze() {
      for (const pair of pairs) freeze(pair);
    },
    freezeAt(text) {
      return new Promise((resolve) => {
        freezing = { text, done: () => {
          freezing = undefined;
          resolve();
        } };
      });
    },
    part() {
      isParted = true;
      return { givenUp: Promise.all([...pairs].map(([inner]) => new Promise<void>((resolve) => inner.once('close', () => resolve())))) };
    },
    thaw() {
      isParted = false;
      for (const [inner, outer] of pairs) {
        for (const piece of held.get(inner)?.splice(0) ?? []) outer.write(piece);
        for (const piece of held.get(outer)?.splice(0) ?? []) inner.write(piece);
      }
    },
    heal() {
      isParted = false;
      cutAll();
    },
    dropTowardsClient(text) {
      dropped = text;
    },
    cutAt(text, answer) {
      return new Promise((resolve) => {
        cutting = { text, answer, done: () => {
          cutting = undefined;
          resolve();
        } };
      });
    },
    async close() {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function freeze([inner, outer]: readonly [Socket, Socket]): void {
  inner.unpipe();
  outer.unpipe();
  inner.pause();
  outer.pause();
}
