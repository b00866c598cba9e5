import { ConflictError, NotFoundError, UnansweredError } from '../../domain/errors.ts';
import type { ServerView } from '../../ports/index.ts';
import type { Core } from '../core.ts';
import { serverView } from '../server-view.ts';

/** A leader drains what it has sent for at most 10 s. */
const STEP_DOWN_MS = 13_000;
const METHOD = 'step-down';

/** This node first, then the others by name. The lease is newer than what they last wrote of their role. */
export async function serversOf(core: Core): Promise<readonly ServerView[]> {
  const own = await serverView(core);
  const leader = core.leadership === undefined ? core.elector.leader : undefined;
  const others = [...core.presence.others()].sort((a, b) => (a.id < b.id ? -1 : 1));
  // The term is the cluster's, whoever has heard of it.
  const term = Math.max(own.term, ...others.map((other) => other.term));
  return [{ ...own, term }, ...others.map((other) => ({ ...other, term, role: roleOf(other) }))];

  function roleOf({ id, role }: ServerView): ServerView['role'] {
    if (id === leader?.nodeId) return 'leader';
    return role === 'leader' && (leader !== undefined || core.leadership !== undefined) ? 'standby' : role;
  }
}

/** Here, or by a call to the server that leads. */
export async function stepDown(core: Core, id: string): Promise<void> {
  const { calls, elector, presence, context: { config } } = core;
  if (id === config.nodeId) return stepDownHere(core);
  if (id !== elector.leader?.nodeId && !presence.others().some((other) => other.id === id)) throw new NotFoundError('server', id);
  try {
    await calls.ask(id, METHOD, {}, STEP_DOWN_MS);
  } catch (error) {
    if (error instanceof UnansweredError) throw new UnansweredError(`Server "${id}" did not answer: it may have given up the lead, or may still do so.`, { cause: error });
    throw error;
  }
  // Who asks here next sees it.
  await elector.lookAgain();
}

export function serveStepDown(core: Core): void {
  core.calls.serve(METHOD, async () => {
    await stepDownHere(core);
    return {};
  });
}

async function stepDownHere(core: Core): Promise<void> {
  if (core.leadership === undefined) throw new ConflictError(`Server "${core.context.config.nodeId}" does not lead.`);
  await core.stepDown();
}
