export interface LiveLimits {
  /** Least time between two frames of changes to one client. */
  readonly frameMs: number;
  /** Things whose latest change is kept for those who come back. */
  readonly ringSize: number;
  /** Changes in one frame; the rest follows in the next. */
  readonly maxPerFrame: number;
  /** No change is added to a frame that is this long, in characters. */
  readonly maxFrameLength: number;
  readonly maxConnections: number;
  /** Of watched messages in one frame. */
  readonly maxWatchedMessages: number;
  readonly maxWatchedBytes: number;
  readonly maxMessageBytes: number;
  /** Messages of one client within ten seconds. */
  readonly maxMessages: number;
  /** Time for the first message, which brings the token. */
  readonly authMs: number;
  readonly pingMs: number;
  /** A client with this much unsent gets nothing more until it has read; after `slowMs` of that it is closed. */
  readonly maxBufferedBytes: number;
  readonly slowMs: number;
  readonly countersMs: number;
  /** How long changes are kept while nobody is connected. */
  readonly coldMs: number;
}

export const LIVE_LIMITS: LiveLimits = {
  frameMs: 250,
  ringSize: 10_000,
  maxPerFrame: 500,
  maxFrameLength: 524_288,
  maxConnections: 100,
  maxWatchedMessages: 200,
  maxWatchedBytes: 262_144,
  maxMessageBytes: 65_536,
  maxMessages: 100,
  authMs: 5_000,
  pingMs: 25_000,
  maxBufferedBytes: 1_048_576,
  slowMs: 30_000,
  countersMs: 3_000,
  coldMs: 60_000,
};
