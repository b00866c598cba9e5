import type { FeedMessage, StreamInfo } from '../../src-core/ports/bus.ts';

/** A message as a stream in memory keeps it. */
export interface MemoryMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly storedAt: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MemoryStreamOptions {
  readonly name: string;
  /** What the subjects it takes in begin with. */
  readonly prefix: string;
  /** Most messages of one subject; 0 = any number. */
  readonly history: number;
  /** Age at which messages go; 0 = never. */
  readonly maxAgeMs: number;
  readonly created: string;
}

const DUPLICATE_WINDOW_MS = 120_000;

/** A JetStream stream's behaviour without its storage. Time comes in as `now`. */
export class MemoryStream {
  readonly options: MemoryStreamOptions;
  /** Called after each message that was stored. */
  readonly listeners = new Set<() => void>();
  readonly #messages = new Map<number, MemoryMessage>();
  /** Sequences of each subject's messages, oldest first. */
  readonly #bySubject = new Map<string, number[]>();
  readonly #ids = new Map<string, { sequence: number; at: number }>();
  #first = 1;
  #last = 0;
  #bytes = 0;

  constructor(options: MemoryStreamOptions) {
    this.options = options;
  }

  get lastSequence(): number {
    return this.#last;
  }

  /** The sequence it is stored at, or that of the first message with the same id. */
  append(subject: string, text: string, headers: Readonly<Record<string, string>>, now: number): number {
    const id = headers['Nats-Msg-Id'] ?? '';
    const twin = id === '' ? undefined : this.#ids.get(id);
    if (twin !== undefined && now - twin.at < DUPLICATE_WINDOW_MS) return twin.sequence;
    const sequence = ++this.#last;
    if (id !== '') this.#ids.set(id, { sequence, at: now });
    this.#messages.set(sequence, { sequence, subject, storedAt: now, text, headers });
    this.#bytes += subject.length + text.length;
    const same = this.#bySubject.get(subject) ?? [];
    same.push(sequence);
    this.#bySubject.set(subject, same);
    const oldest = same[0] as number;
    if (this.options.history > 0 && same.length > this.options.history) this.#remove(oldest);
    for (const listener of [...this.listeners]) listener();
    return sequence;
  }

  info(now: number): StreamInfo {
    this.#expire(now);
    return { created: this.options.created, firstSequence: this.#first, lastSequence: this.#last, messages: this.#messages.size, bytes: this.#bytes };
  }

  /** First message at or behind the sequence. */
  next(from: number, now: number): MemoryMessage | undefined {
    this.#expire(now);
    for (let sequence = Math.max(from, this.#first); sequence <= this.#last; sequence++) {
      const message = this.#messages.get(sequence);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  at(sequence: number, now: number): MemoryMessage | undefined {
    this.#expire(now);
    return this.#messages.get(sequence);
  }

  newestOf(subject: string, now: number): MemoryMessage | undefined {
    this.#expire(now);
    return this.#messages.get(this.#bySubject.get(subject)?.at(-1) ?? 0);
  }

  /** The newest message of each subject, in stream order. */
  newest(now: number): readonly MemoryMessage[] {
    this.#expire(now);
    const sequences = [...this.#bySubject.values()].map((same) => same.at(-1) ?? 0);
    return sequences.sort((a, b) => a - b).flatMap((sequence) => this.#messages.get(sequence) ?? []);
  }

  /** Where the id stands, if it is still kept. */
  findId(id: string): number | undefined {
    const sequence = this.#ids.get(id)?.sequence ?? 0;
    return this.#messages.has(sequence) ? sequence : undefined;
  }

  purge(throughSequence: number): void {
    for (let sequence = this.#first; sequence <= Math.min(throughSequence, this.#last); sequence++) this.#remove(sequence);
  }

  #remove(sequence: number): void {
    const message = this.#messages.get(sequence);
    if (message !== undefined) {
      this.#messages.delete(sequence);
      this.#bytes -= message.subject.length + message.text.length;
      const same = this.#bySubject.get(message.subject) ?? [];
      same.splice(same.indexOf(sequence), 1);
      if (same.length === 0) this.#bySubject.delete(message.subject);
    }
    while (this.#first <= this.#last && !this.#messages.has(this.#first)) this.#first++;
  }

  #expire(now: number): void {
    if (this.options.maxAgeMs === 0) return;
    const limit = now - this.options.maxAgeMs;
    for (let oldest = this.#messages.get(this.#first); oldest !== undefined && oldest.storedAt <= limit; oldest = this.#messages.get(this.#first)) {
      this.#remove(oldest.sequence);
    }
  }
}

export function isDeletion(message: MemoryMessage): boolean {
  return message.headers['KV-Operation'] !== undefined;
}

export function asFeedMessage(message: MemoryMessage, maxPayloadBytes: number): FeedMessage {
  const tooLong = Buffer.byteLength(message.text) > maxPayloadBytes;
  return {
    sequence: message.sequence,
    subject: message.subject,
    storedAt: message.storedAt,
    text: tooLong ? '' : message.text,
    tooLong,
    header: (name) => message.headers[name] ?? '',
  };
}
