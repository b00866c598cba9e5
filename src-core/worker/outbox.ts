import type { NatsConnection } from '@nats-io/transport-node';
import { PublishBatch } from '../nats/publish-batch.ts';

/**
 * Publishes that go to the socket in one piece, once the process has taken what was waiting on its sockets. What is given
 * to it while there is no connection is dropped: whoever must know asks for an acknowledgement (publisher.ts).
 */
export class Outbox {
  #batch: PublishBatch | undefined;
  #scheduled = false;
  readonly #flush = (): void => {
    this.#scheduled = false;
    this.#batch?.flush();
  };

  /** Undefined: the connection is gone, and what was not sent with it. */
  attach(client: NatsConnection | undefined): void {
    this.#batch = client === undefined ? undefined : new PublishBatch(client);
  }

  /** Throws what the client's publish throws: a payload that is too large, a subject that is none. */
  send(subject: string, reply: string, text: string): void {
    this.#batch?.addPlain(subject, reply, text);
    this.#schedule();
  }

  sendWithId(subject: string, reply: string, text: string, id: string): void {
    const head = `NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`;
    this.#batch?.add(subject, reply, { head, headBytes: Buffer.byteLength(head), payloadBytes: Buffer.byteLength(text) }, text);
    this.#schedule();
  }

  /** Now, rather than in a moment. */
  flush(): void {
    this.#batch?.flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }
}
