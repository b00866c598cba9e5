/**
 * NATS for a person who wants to see what the workers see and try what they do. Subjects and keys have been checked
 * by the caller. Calls reject with UnavailableError when NATS does not answer.
 */
export interface BusAccess {
  roundTripMs(): Promise<number>;
  /** Resolves when the server has it. */
  publish(message: { readonly subject: string; readonly text: string; readonly headers: Readonly<Record<string, string>> }): Promise<void>;
  /** Undefined when there is no such bucket. */
  bucketSize(bucket: string): Promise<BucketSize | undefined>;
  /** Newest values of the keys that begin with the prefix, those changed longest ago first. A page may hold fewer than asked for, even none, and still have a next one. */
  bucketEntries(bucket: string, query: BucketQuery): Promise<BucketPage>;
  /** Every message on the subject, wildcards allowed, also after a lost connection; while there is none, from the next one on. Returns the way to stop. */
  watch(subject: string, onMessage: (message: SeenMessage) => void): () => void;
}

export interface BucketSize {
  /** Keys, also those whose newest entry is a deletion. */
  readonly entries: number;
  readonly bytes: number;
}

export interface BucketQuery {
  readonly prefix: string;
  /** A `next`. */
  readonly after?: string;
  readonly limit: number;
}

export interface BucketPage {
  readonly items: readonly { readonly key: string; readonly text: string; readonly revision: number; /** Epoch ms. */ readonly at: number }[];
  readonly next: string | undefined;
}

/** Reads its parts only when asked: most of a flood are counted and no more. */
export interface SeenMessage {
  readonly subject: string;
  /** Payload in bytes. */
  readonly bytes: number;
  text(): string;
  headers(): Readonly<Record<string, string>>;
}
