import type { NatsConnection } from '@nats-io/transport-node';
import { commandSender, readyHeaders } from './client-internals.ts';
import type { Frame } from './log-queue.ts';

/** One byte a character, and nothing that would end the subject. */
const PLAIN_SUBJECT = /^[!-~]+$/;

/**
 * Publishes put together as text and encoded in one piece: a piece for each command, header and payload costs about
 * as much as all else that is done to send a message. Nothing is on its way before `flush`.
 */
export class PublishBatch {
  readonly #client: NatsConnection;
  readonly #send: ((commands: Uint8Array) => void) | undefined;
  readonly #largest: number;
  #commands = '';
  #bytes = 0;
  #sealed: Uint8Array | undefined;

  constructor(client: NatsConnection) {
    this.#client = client;
    this.#send = commandSender(client);
    this.#largest = client.info?.max_payload ?? 0;
  }

  /** Throws what the client's publish throws; this message is then not sent, those before it are. */
  add(subject: string, reply: string, frame: Frame, text: string): void {
    const { head, headBytes, payloadBytes } = frame;
    const size = headBytes + payloadBytes;
    if (this.#send === undefined || size > this.#largest || !PLAIN_SUBJECT.test(subject)) {
      this.flush();
      this.#client.publish(subject, text, { reply, headers: readyHeaders(Buffer.from(head)) });
      return;
    }
    const command = `HPUB ${subject} ${reply} ${headBytes} ${size}\r\n`;
    this.#commands += command + head + text + '\r\n';
    this.#bytes += command.length + size + 2;
  }

  /** The same without headers; `reply` '' for none. */
  addPlain(subject: string, reply: string, text: string): void {
    const size = Buffer.byteLength(text);
    if (this.#send === undefined || size > this.#largest || !PLAIN_SUBJECT.test(subject)) {
      this.flush();
      this.#client.publish(subject, text, reply === '' ? {} : { reply });
      return;
    }
    const command = reply === '' ? `PUB ${subject} ${size}\r\n` : `PUB ${subject} ${reply} ${size}\r\n`;
    this.#commands += command + text + '\r\n';
    this.#bytes += command.length + size + 2;
  }

  /** Does what takes time of a flush; what is added afterwards needs another. */
  seal(): void {
    if (this.#commands === '') return;
    this.#sealed = Buffer.from(this.#commands, this.#commands.length === this.#bytes ? 'latin1' : 'utf8');
    this.#commands = '';
    this.#bytes = 0;
  }

  /** The socket has it when this returns. */
  flush(): void {
    this.seal();
    if (this.#sealed === undefined) return;
    this.#send?.(this.#sealed);
    this.#sealed = undefined;
  }
}
