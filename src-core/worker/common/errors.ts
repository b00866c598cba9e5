/** What can go wrong with what workers share. */

/** Somebody else holds the lock, and did so for as long as was waited. */
export class LockHeldError extends Error {
  override readonly name = 'LockHeldError';
  readonly key: string;
  /** Who, as they say of themselves. */
  readonly holder: string;
  constructor(key: string, holder: string) {
    super(`The lock ${JSON.stringify(key)} is held by ${holder}.`);
    this.key = key;
    this.holder = holder;
  }
}

/** Reason of a lock's signal: it could not be renewed in time, or somebody else has it. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
  readonly key: string;
  readonly fence: number;
  constructor(key: string, fence: number, reason: string) {
    super(`The lock ${JSON.stringify(key)} (fencing number ${fence}) is lost: ${reason}.`);
    this.key = key;
    this.fence = fence;
  }
}

/** Another worker has written the run's checkpoint since: it works on the run now, this one should not. */
export class CheckpointMovedError extends Error {
  override readonly name = 'CheckpointMovedError';
  readonly rootTaskId: string;
  constructor(rootTaskId: string) {
    super(`The checkpoint of run ${rootTaskId} was written by another worker in between.`);
    this.rootTaskId = rootTaskId;
  }
}
