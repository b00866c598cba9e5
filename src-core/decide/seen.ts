import type { End, EndKey, RunAccepted, RunHeader } from '../wire/index.ts';

/** What was read from the log, already decoded. `storedAt` is the server's time, so that every node writes the same. */

export interface JobAddress {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
}

export interface DispatchSeen extends JobAddress {
  readonly taskId: string;
  readonly header: RunHeader;
  /** Worker or group the message went to. */
  readonly tail: string;
  /** Of the leader that sent it. */
  term(): number;
  /** Reads the body; only asked when this node does not know the run, or another sent it. */
  body(): { category: string; model: string; args: string; runningCount: number } | undefined;
}

export interface AcceptedSeen extends JobAddress {
  readonly event: RunAccepted;
  readonly storedAt: number;
}

export interface EndSeen {
  readonly key: EndKey;
  readonly sequence: number;
  readonly storedAt: number;
  /** Undefined for a bad answer, then `problem` says why. */
  readonly end: End | undefined;
  readonly problem: string;
  /** No job had its run's number when it was read. */
  readonly isOfNoJob?: boolean;
}
