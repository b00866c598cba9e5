import { EventEmitter } from 'node:events';
import type { SchedulerState } from '../../../src-main/desktop/model/desktop-state.ts';
import type { FromScheduler, ToScheduler } from '../../../src-main/desktop/scheduler/messages.ts';

export const IDLE: SchedulerState = { running: 0, queued: 0, nextFire: null, pause: null, recentJobs: [] };

/** A scheduler process that does what the test says. */
export class FakeUtility extends EventEmitter {
  readonly sent: ToScheduler[] = [];
  readonly stderr = new EventEmitter();
  isKilled = false;

  postMessage(message: ToScheduler): void {
    this.sent.push(message);
  }

  kill(): boolean {
    this.isKilled = true;
    return true;
  }

  say(message: FromScheduler): void {
    this.emit('message', message);
  }

  /** Ends by itself. */
  end(code: number): void {
    this.emit('exit', code);
  }

  orders(): readonly string[] {
    return this.sent.map(({ type }) => type);
  }
}
