/** The job that was waited for has failed for good, or was cancelled. */
export class JobFailedError extends Error {
  override readonly name = 'JobFailedError';
  readonly id: string;
  readonly status: 'fail' | 'expired' | 'cancelled';
  readonly reason: string;
  constructor(id: string, status: 'fail' | 'expired' | 'cancelled', reason: string) {
    super(`Job ${id} ${status === 'fail' ? 'failed' : status === 'expired' ? 'ran out of time' : 'was cancelled'}${reason === '' ? '' : `: ${reason}`}`);
    this.id = id;
    this.status = status;
    this.reason = reason;
  }
}

/** The job that was waited for has not ended within the time given. It goes on. */
export class JobWaitError extends Error {
  override readonly name = 'JobWaitError';
  readonly id: string;
  constructor(id: string, limitMs: number) {
    super(`Job ${id} has not ended within ${limitMs} ms.`);
    this.id = id;
  }
}

/** The queue was shut down. */
export class QueueClosedError extends Error {
  override readonly name = 'QueueClosedError';
  constructor(name: string) {
    super(`The queue ${name} is shut down.`);
  }
}

/** A job of the queue's name exists whose runs workers cannot take in turn. */
export class NotAQueueError extends Error {
  override readonly name = 'NotAQueueError';
  constructor(job: string, why: string) {
    super(`The job ${job} is there already and cannot serve as a queue: ${why}.`);
  }
}
