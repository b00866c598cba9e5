import type { SkipResource } from '../../../src-core/http/contract.ts';
import { link } from '../../state/route.svelte.ts';

export interface Remedy {
  readonly label: 'editJob' | 'openJob' | 'seeWorkers' | 'seeServers' | 'seeRunning';
  readonly href: string;
}

/** Where to go when fires are skipped for this reason. */
export function whatToDo({ reason, jobId, namespace, app, job }: Pick<SkipResource, 'reason' | 'jobId' | 'namespace' | 'app' | 'job'>): Remedy {
  switch (reason) {
    case 'overlap':
    case 'queue-full':
      return { label: 'seeRunning', href: link('/runs', { state: 'active,waiting', job: `${namespace}.${app}.${job}`, ns: namespace }) };
    case 'no-worker':
    case 'weight-zero':
      return { label: 'seeWorkers', href: link('/workers', { ns: namespace, app }) };
    case 'disabled':
    case 'paused':
      return { label: 'openJob', href: link(`/jobs/${jobId}`) };
    case 'not-leader':
    case 'nats-down':
      return { label: 'seeServers', href: link('/servers') };
    default:
      return { label: 'editJob', href: link(`/jobs/${jobId}/edit`) };
  }
}
