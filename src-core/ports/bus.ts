/** What the engine needs of NATS. Subjects, keys and texts are the wire folder's; nothing of the client library shows here. */

export type BusState = 'connected' | 'disconnected' | 'closed';

/** A message of a stream, in stream order. */
export interface FeedMessage {
  readonly sequence: number;
  readonly subject: string;
  /** When the server stored it, epoch ms. */
  readonly storedAt: number;
  /** Payload as text; '' when it is longer than the feed's limit (see `tooLong`) or a deletion marker. */
  readonly text: string;
  readonly tooLong: boolean;
  /** Value of a header, '' when absent. */
  header(name: string): string;
}

export interface FeedOptions {
  readonly stream: string;
  /** First sequence wanted; a purged one means the oldest kept. */
  readonly from: number;
  /** Payloads above this many bytes are not decoded. */
  readonly maxPayloadBytes: number;
  /** Messages that the stream drops while the feed cannot read, and before it has read them, end it: see onLost. */
  readonly needsAll?: boolean;
  /** Of a message's subject: whether it may be read some milliseconds later. While hardly any but such come, fast and one by one, they are read in pieces. */
  mayWait?(subject: string): boolean;
  /** Called in stream order, never concurrently, and not at all while paused. Must not throw, and keeps texts, not messages. */
  onMessage(message: FeedMessage): void;
  /** The feed has ended: the stream is gone or was made anew, so that its sequences mean nothing now, or it no longer has what is to come (`needsAll`). */
  onLost(reason: string): void;
}

/** A message that was read from a stream by itself, with all its headers. */
export interface StoredMessage extends FeedMessage {
  readonly headers: Readonly<Record<string, string>>;
}

export interface ReadOptions {
  readonly stream: string;
  /** With wildcards, if need be; no two of them may meet. */
  readonly subjects: readonly string[];
  /** First sequence wanted; absent = the oldest kept. */
  readonly from?: number;
  /** Instead: only what was stored at or after it by the server's clock, epoch ms; absent = from the oldest kept. */
  readonly storedFrom?: number;
  /** After this time reading ends, whatever is left: `read` is then false. */
  readonly limitMs: number;
  /** In stream order. False = that is enough. */
  onMessage(message: StoredMessage): boolean;
}

export interface Feed {
  /** Resolves once every message that was in the stream at the call has been given out. Rejects with UnavailableError when the feed ends before. */
  caughtUp(): Promise<void>;
  /** Highest sequence given out, or from − 1. */
  readonly position: number;
  /** Stops pulling; what the server has goes on waiting there. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** A message for the runs stream. */
export interface LogMessage {
  readonly subject: string;
  readonly text: string;
  /** Nats-Msg-Id: the same id never stands twice in the stream, and is never sent twice. */
  readonly id: string;
  /** Value of the Natsjob-Run header; '' = none. */
  readonly runHeader: string;
  /** Epoch ms after which sending it makes no sense; it is then given up unless it is already stored. */
  readonly giveUpAt: number;
  /** Called once: with the stream's sequence, or 0 when it was given up or the publisher was stopped. `isUnsure`: the stream may have it all the same. */
  onSettled(sequence: number, isUnsure?: boolean): void;
}

export interface LogPublisherOptions {
  /** Value of Natsjob-Term in every message. */
  readonly term: number;
  /** Asked before each chunk goes to the socket: the lease's trust. False holds everything back. */
  maySend(): boolean;
}

/**
 * Pipelined publishing to the runs stream and the results bucket: messages leave in order, at most one chunk (128 kB) beyond
 * what is acknowledged. After a lost connection or a missing acknowledgement it reads the stream
 * from the last acknowledged sequence and sends only what is not there.
 */
export interface LogPublisher {
  publish(message: LogMessage): void;
  /** Messages accepted and not settled yet. */
  readonly unsettled: number;
  /** Highest acknowledged sequence of the runs stream. */
  readonly lastSequence: number;
  /** Why nothing that is sent gets stored, for people; '' while it does, or while nothing is sent. */
  readonly problem: string;
  /** Gives up everything not yet handed to the socket, waits for the rest up to the limit, then settles it with 0, as unsure. */
  stop(drainMs: number): Promise<void>;
}

export interface StreamInfo {
  /** Server's creation time as text: differs when the stream was made anew. */
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: number;
  readonly bytes: number;
}

export interface BucketEntry {
  readonly key: string;
  readonly text: string;
  readonly revision: number;
}

/** A key-value bucket with compare-and-set. All calls reject with UnavailableError when NATS does not answer. */
export interface Bucket {
  get(key: string): Promise<BucketEntry | undefined>;
  /** Writes if the key's newest revision is the one given (0 = the key must not exist or be deleted). Resolves to the new revision, or undefined when somebody was faster. */
  compareAndSet(key: string, text: string, revision: number): Promise<number | undefined>;
  /** Deletes if the revision is still the newest; false when somebody was faster. */
  compareAndDelete(key: string, revision: number): Promise<boolean>;
}

export interface BucketOptions {
  /** For so long a server that gives no answer is asked again, ms: one that stood still answers then. Nothing is written twice. Absent = it is asked once. */
  readonly patienceMs?: number;
}

/** Newest value of each key, then changes as they come. `text` undefined = deleted. A value that expires by its bucket's age goes without a word. */
export interface BucketWatch {
  stop(): Promise<void>;
}

export interface BusObjectsOptions {
  readonly replicas: number;
  /** Upper size of the runs stream. */
  readonly maxBytes: number;
  /** Upper size of the stream of reports; absent = it is not made. */
  readonly reportsMaxBytes?: number;
}

export interface Bus {
  readonly state: BusState;
  /** nats://host:port without credentials. */
  readonly serverUrl: string;
  /** Calls back at each change; returns the way to stop listening. */
  onState(listener: (state: BusState) => void): () => void;
  /** Creates or adjusts the streams and buckets of the protocol and ours. Returns one sentence per thing that was found otherwise than we make it. */
  ensureObjects(options: BusObjectsOptions): Promise<readonly string[]>;
  /** Core publish, nothing stored, no answer. Dropped while disconnected: ask `state` first. */
  publishVoid(subject: string, text: string): void;
  openLog(options: LogPublisherOptions): LogPublisher;
  openFeed(options: FeedOptions): Feed;
  /**
   * Resolves when whatever NATS had taken in for the runs stream before the call, from any node, stands in it or never will. Rejects
   * with UnavailableError. `term`: of whoever asks.
   */
  settleLog(term: number): Promise<void>;
  streamInfo(stream: string): Promise<StreamInfo | undefined>;
  /** Drops all messages up to and including the sequence. */
  purge(stream: string, throughSequence: number): Promise<void>;
  bucket(name: string, options?: BucketOptions): Bucket;
  /** Resolves once the newest value of every key has been given out. Goes on by itself after a break; after a bucket was made anew it tells every key again, the vanished ones as undefined. */
  watch(bucket: string, onEntry: (key: string, text: string | undefined) => void): Promise<BucketWatch>;
  /** One stored message of a stream, or undefined when it is gone. */
  readMessage(stream: string, sequence: number): Promise<FeedMessage | undefined>;
  /**
   * Gives out what the stream holds at the call, beside all feeds; a missing stream is empty. True when all came by, or there was
   * enough; false when the time was up before. Rejects with UnavailableError.
   */
  read(options: ReadOptions): Promise<boolean>;
  /**
   * Core NATS, nothing stored: asks whoever responds on the subject; the first answer counts. Rejects with UnavailableError when it
   * surely reached nobody, and with its kind UnansweredError when it was sent and no answer came: it may have been taken then.
   */
  request(subject: string, payload: Uint8Array, limitMs: number): Promise<Uint8Array>;
  /**
   * Answers requests, several at a time and over reconnects, until the returned stop, which is complete when it resolves: those
   * under way are answered. `*` stands for one token of the subject. A handler that rejects gives no answer. Of those who respond
   * in the same queue one gets each request.
   */
  respond(subject: string, handler: (payload: Uint8Array) => Promise<Uint8Array>, queue?: string): () => Promise<void>;
  /** What the server takes in one message; its default while none is connected. */
  readonly maxPayloadBytes: number;
  roundTripMs(): Promise<number>;
  close(): Promise<void>;
}
