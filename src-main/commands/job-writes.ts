import type { JobResource, StartedRun } from '../../src-core/http/contract.ts';
import { CommandError, UsageError, type CommandContext } from '../cli/command.ts';
import { ApiError, type ApiClient } from '../client/api-client.ts';
import { connect } from '../client/connect.ts';
import { jobPath, numberOption, priorityOption } from './options.ts';

export async function jobRun(context: CommandContext): Promise<number> {
  const { options, words, print } = context;
  if (options.has('args') && options.has('args-json')) throw new UsageError('--args and --args-json exclude each other.', 'job run');
  const body = {
    ...(options.has('args') ? { args: options.get('args') } : {}),
    ...(options.has('args-json') ? { args: jsonOption(options.get('args-json') ?? '') } : {}),
    ...given('delayMs', numberOption(context, 'delay', 0, Number.MAX_SAFE_INTEGER)),
    ...given('priority', priorityOption(context)),
    ...given('workerId', options.get('worker')),
  };
  const run = await connect(context).call<StartedRun>('POST', `${jobPath(words[0] ?? '')}/run`, { body });
  print(options.has('json') ? JSON.stringify(run) : `${run.taskId} ${run.state}`);
  return 0;
}

export async function jobSetState(context: CommandContext, state: JobResource['state']): Promise<number> {
  return each(context, async (client, id) => {
    const job = await client.call<JobResource>('GET', jobPath(id));
    if (job.state === state) return `${id} is ${state} already`;
    await client.call('PATCH', jobPath(id), { body: { state }, version: job.version });
    return `${id} ${state}`;
  });
}

export async function jobRm(context: CommandContext): Promise<number> {
  return each(context, async (client, id) => {
    const { version } = await client.call<JobResource>('GET', jobPath(id));
    await client.call('DELETE', jobPath(id), { version });
    return `${id} deleted`;
  });
}

/** Does the same to each; one that fails does not keep the others from it. Exit code 1 if any failed. */
export async function each(context: CommandContext, action: (client: ApiClient, id: string) => Promise<string>): Promise<number> {
  const client = connect(context);
  await client.token();
  let failed = false;
  for (const id of context.words) {
    try {
      context.print(await again(() => action(client, id)));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failed = true;
      context.say(`natsjob: ${id}: ${error.message}`);
    }
  }
  return failed ? 1 : 0;
}

/** Somebody else may change a definition between reading and writing it; reading it anew is then all there is to do. */
export async function again<T>(action: () => Promise<T>): Promise<T> {
  for (let left = 3; ; left--) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412 && left > 0)) throw error;
    }
  }
}

function jsonOption(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError('--args-json must be JSON.', 'job run');
  }
}

function given(name: string, value: string | number | undefined): Record<string, string | number> {
  return value === undefined ? {} : { [name]: value };
}
