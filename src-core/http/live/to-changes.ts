import type { LiveChange } from '../../ports/api.ts';
import type { LiveSkip } from '../contract.ts';
import { toGap, toPause, toRunSummary, toWorker } from '../resources.ts';
import { formatTime } from '../times.ts';
import type { NewChange } from './change-log.ts';

/** What the scheduler tells, cut into changes of single things. Copies what the engine may go on changing. */
export function toChanges(change: LiveChange): readonly NewChange[] {
  switch (change.type) {
    case 'run': {
      // Args and payload may be large, and the feed does not show them.
      const run = { ...change.run, args: '', monitorPayload: '' };
      return [{ kind: 'runs', key: run.id, namespace: run.namespace, app: run.app, job: run.job, toResource: () => toRunSummary(run) }];
    }
    case 'worker': {
      const worker = { ...change.worker };
      const key = `${worker.namespace}.${worker.app}.${worker.id}`;
      return [{ kind: 'workers', key, namespace: worker.namespace, app: worker.app, job: '', toResource: () => toWorker(worker) }];
    }
    case 'job': {
      const { id, key, deleted } = change;
      const [namespace = '', app = '', job = ''] = key.split('.');
      return [{ kind: 'jobs', key: id || key, namespace, app, job, toResource: () => ({ id, key, deleted }) }];
    }
    case 'server': {
      const { role, term } = change;
      return [{ kind: 'leader', key: '', ...NOWHERE, toResource: () => ({ role, term }) }];
    }
    case 'nats': {
      const { connected } = change;
      return [{ kind: 'nats', key: '', ...NOWHERE, toResource: () => ({ connected }) }];
    }
    case 'pause': {
      const pause = toPause(change.pause);
      return [{ kind: 'pause', key: '', ...NOWHERE, toResource: () => ({ pause }) }];
    }
    case 'gap': {
      const { gap } = change;
      return [{ kind: 'gap', key: '', ...NOWHERE, toResource: () => toGap(gap) }];
    }
    case 'skips':
      return change.items.map((skip) => {
        const { jobNumber, namespace, app, job, reason, lastAt } = skip;
        const toResource = (): LiveSkip => ({ jobId: String(jobNumber), namespace, app, job, reason, lastAt: formatTime(lastAt) });
        return { kind: 'skips', key: `${jobNumber} ${reason}`, namespace, app, job, toResource };
      });
    default:
      return [];
  }
}

const NOWHERE = { namespace: '', app: '', job: '' };
