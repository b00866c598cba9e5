import { isClientId, isName } from './names.ts';
import { isRunId } from './runid.ts';
import type { DispatchAction, RunEventKind } from './subjects.ts';

interface JobAddress {
  ns: string;
  app: string;
  job: string;
}

export type StreamSubject =
  | ({ kind: 'dispatch'; action: DispatchAction; /** Worker, group or agent, for the three targeted actions only. */ tail?: string } & JobAddress)
  | ({ kind: 'cancel'; taskId: string } & JobAddress)
  /** Somebody asks for runs. */
  | ({ kind: 'asked' } & JobAddress)
  | { kind: 'flow' }
  /** Both names are missing on the manuals' plain subject. */
  | { kind: 'monitor'; ns?: string; app?: string }
  | ({ kind: 'run-event'; event: Exclude<RunEventKind, 'skips'> } & JobAddress)
  | { kind: 'run-event'; event: 'skips' }
  | { kind: 'unknown' };

const UNKNOWN: StreamSubject = { kind: 'unknown' };

/**
 * What a message in the stream `natsjob` is, by its subject. Anybody can publish there: whatever is not exactly a
 * subject of subjects.ts (wildcards, empty or bad names, too many tokens, another case) is `unknown`. Never throws.
 */
export function parseStreamSubject(subject: string): StreamSubject {
  const tokens = subject.split('.', 9);
  if (tokens[0] !== 'natsjob' || tokens.length === 9) return UNKNOWN;
  if (tokens[1] === 'job') return parseJobSubject(tokens);
  if (tokens[1] === 'run') return parseRunEvent(tokens);
  return UNKNOWN;
}

function parseJobSubject(tokens: string[]): StreamSubject {
  const action = tokens[2];
  switch (action) {
    case 'start':
    case 'pre-start': {
      const address = addressOf(tokens, 6);
      return address ? { kind: 'dispatch', action, ...address } : UNKNOWN;
    }
    case 'client-start':
    case 'group-start':
    case 'agent-start': {
      const address = addressOf(tokens, 7);
      const tail = tokens[6];
      return address && tail !== undefined && isClientId(tail) ? { kind: 'dispatch', action, ...address, tail } : UNKNOWN;
    }
    case 'cancel': {
      const address = addressOf(tokens, 7);
      const taskId = tokens[6];
      return address && taskId !== undefined && isRunId(taskId) ? { kind: 'cancel', ...address, taskId } : UNKNOWN;
    }
    case 'sub-result-flow':
      return tokens.length === 3 ? { kind: 'flow' } : UNKNOWN;
    case 'monitor':
      return parseMonitor(tokens);
    default:
      return UNKNOWN;
  }
}

function parseMonitor(tokens: string[]): StreamSubject {
  if (tokens.length === 3) return { kind: 'monitor' };
  const [, , , ns, app] = tokens;
  if (tokens.length !== 5 || ns === undefined || app === undefined || !isName(ns) || !isName(app)) return UNKNOWN;
  return { kind: 'monitor', ns, app };
}

function parseRunEvent(tokens: string[]): StreamSubject {
  const event = tokens[2];
  if (event === 'skips') return tokens.length === 3 ? { kind: 'run-event', event } : UNKNOWN;
  if (event === 'asked') {
    const address = addressOf(tokens, 6);
    return address ? { kind: 'asked', ...address } : UNKNOWN;
  }
  if (event !== 'accepted' && event !== 'waiting' && event !== 'no-retry' && event !== 'removed') return UNKNOWN;
  const address = addressOf(tokens, 6);
  return address ? { kind: 'run-event', event, ...address } : UNKNOWN;
}

function addressOf(tokens: string[], length: number): JobAddress | undefined {
  if (tokens.length !== length) return undefined;
  const ns = tokens[3] as string;
  const app = tokens[4] as string;
  const job = tokens[5] as string;
  return isName(ns) && isName(app) && isName(job) ? { ns, app, job } : undefined;
}
