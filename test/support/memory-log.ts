import type { LogMessage, LogPublisher, LogPublisherOptions } from '../../src-core/ports/bus.ts';
import { RESULTS_PREFIX, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import type { MemoryBus } from './memory-bus.ts';

/** Most messages handed over beyond what is acknowledged. */
const WINDOW = 200;
const HELD_BACK_MS = 20;
const SWEEP_MS = 1_000;
const ACK_TIMEOUT_MS = 5_000;

interface Sent {
  readonly message: LogMessage;
  readonly at: number;
}

/** The pipelined publisher's promises over a MemoryNats: in order, never blindly again. */
export class MemoryLog implements LogPublisher {
  readonly #bus: MemoryBus;
  readonly #options: LogPublisherOptions;
  readonly #stopListening: () => void;
  #waiting: LogMessage[] = [];
  #sent: Sent[] = [];
  #lastSequence = 0;
  readonly problem = '';
  #scheduled = false;
  #stopped = false;
  #cancelSweep: () => void = () => {};
  #drained: () => void = () => {};

  constructor(bus: MemoryBus, options: LogPublisherOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#stopListening = bus.onState((state) => {
      if (state === 'connected') {
        this.#reconcile();
        this.#schedule();
      } else if (state === 'closed') this.#finish();
    });
    this.#bus.logs.add(options);
    this.#sweepLater();
  }

  get unsettled(): number {
    return this.#waiting.length + this.#sent.length;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  publish(message: LogMessage): void {
    if (this.#stopped || this.#bus.state === 'closed') {
      message.onSettled(0);
      return;
    }
    this.#waiting.push(message);
    this.#schedule();
  }

  async stop(drainMs: number): Promise<void> {
    this.#stopped = true;
    this.#giveUp(() => true);
    if (this.#sent.length > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#bus.clock.after(drainMs, resolve);
        this.#drained = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#finish();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#bus.clock.soon(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const { clock } = this.#bus;
    if (this.#bus.state !== 'connected' || this.#waiting.length === 0 || this.#sent.length >= WINDOW) return;
    if (!this.#options.maySend()) {
      clock.after(HELD_BACK_MS, () => this.#schedule());
      return;
    }
    const now = clock.now();
    while (this.#sent.length < WINDOW) {
      const message = this.#waiting[0];
      if (message === undefined) return;
      if (this.#bus.server.stream(streamOf(message)) === undefined) {
        clock.after(HELD_BACK_MS, () => this.#schedule());
        return;
      }
      this.#waiting.shift();
      if (message.giveUpAt <= now) {
        message.onSettled(0);
        continue;
      }
      const sent = { message, at: clock.monotonic() };
      this.#sent.push(sent);
      const headers = this.#headers(message);
      this.#bus.send((sentAt) => {
        const sequence = this.#bus.server.publish(message.subject, message.text, headers, sentAt);
        if (!this.#bus.losesAcks) this.#bus.receive(() => this.#acknowledge(sent, sequence));
      });
    }
  }

  #headers(message: LogMessage): Record<string, string> {
    const headers: Record<string, string> = { 'Nats-Msg-Id': message.id, 'Natsjob-Term': String(this.#options.term) };
    if (message.runHeader !== '') headers['Natsjob-Run'] = message.runHeader;
    return headers;
  }

  #acknowledge(sent: Sent, sequence: number): void {
    if (this.#bus.state !== 'connected' || !this.#sent.includes(sent)) return;
    this.#sent.splice(this.#sent.indexOf(sent), 1);
    if (sequence > 0) this.#settle(sent.message, sequence);
    else this.#waiting.unshift(sent.message);
    this.#whenLess();
  }

  /** The question goes behind all that is on its way to the server, whose answer so tells what became of it. */
  #lookUp(): void {
    const unknown = new Set(this.#sent);
    this.#bus.ask(() => undefined).then(() => this.#reconcile((sent) => unknown.has(sent)), () => undefined);
  }

  /** Looks up what was sent and not answered; only what is not stored is sent again, in front of the rest. */
  #reconcile(isMeant: (sent: Sent) => boolean = () => true): void {
    const unknown = this.#sent.filter((sent) => isMeant(sent));
    this.#sent = this.#sent.filter((sent) => !isMeant(sent));
    const back: LogMessage[] = [];
    for (const { message } of unknown) {
      const sequence = this.#bus.server.stream(streamOf(message))?.findId(message.id);
      if (sequence !== undefined) this.#settle(message, sequence);
      else if (this.#stopped) message.onSettled(0);
      else back.push(message);
    }
    this.#waiting.unshift(...back);
    this.#whenLess();
  }

  #settle(message: LogMessage, sequence: number): void {
    if (!message.subject.startsWith(RESULTS_PREFIX) && sequence > this.#lastSequence) this.#lastSequence = sequence;
    message.onSettled(sequence);
  }

  #whenLess(): void {
    if (this.#sent.length === 0) this.#drained();
    this.#schedule();
  }

  #sweepLater(): void {
    const { clock } = this.#bus;
    this.#cancelSweep = clock.after(SWEEP_MS, () => {
      const now = clock.now();
      this.#giveUp((message) => message.giveUpAt <= now);
      const oldest = this.#sent[0];
      if (this.#bus.state === 'connected' && oldest !== undefined && clock.monotonic() - oldest.at >= ACK_TIMEOUT_MS) this.#lookUp();
      this.#sweepLater();
    });
  }

  #giveUp(condition: (message: LogMessage) => boolean): void {
    const gone = this.#waiting.filter(condition);
    if (gone.length === 0) return;
    this.#waiting = this.#waiting.filter((message) => !condition(message));
    for (const message of gone) message.onSettled(0);
  }

  #finish(): void {
    this.#stopped = true;
    this.#bus.logs.delete(this.#options);
    this.#stopListening();
    this.#cancelSweep();
    this.#giveUp(() => true);
    const unknown = this.#sent;
    this.#sent = [];
    for (const { message } of unknown) message.onSettled(0, true);
    this.#drained();
  }
}

function streamOf(message: LogMessage): string {
  return message.subject.startsWith(RESULTS_PREFIX) ? RESULTS_STREAM : STREAM;
}
