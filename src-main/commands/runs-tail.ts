import { API_BASE, type LiveFrame, type LiveRequest } from '../../src-core/http/contract.ts';
import { CommandError, type CommandContext } from '../cli/command.ts';
import type { ApiClient } from '../client/api-client.ts';
import { connect } from '../client/connect.ts';
import { jobFilter } from './options.ts';
import { runLine } from './runs-reads.ts';

const RECONNECT_MS = 1_000;

/** Prints each change of a run until the process is told to end; a lost connection is made anew and goes on where it was. */
export async function runsTail(context: CommandContext): Promise<number> {
  const client = connect(context);
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  // Who closes the pipe (head) has seen enough.
  process.stdout.once('error', () => ended.abort());
  let since: number | undefined;
  let token = await client.token();
  for (let told = false; !ended.signal.aborted; ) {
    const outcome = await follow(client, { token, subscribe: { types: ['runs'], ...jobFilter(context) }, ...(since === undefined ? {} : { since }) }, ended.signal, (frame) => {
      told = false;
      since = frame.seq;
      show(frame, context);
    });
    if (ended.signal.aborted) break;
    if (!told) context.say(`natsjob: the connection to ${client.url} was lost (${outcome}); trying again.`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    try {
      token = await client.freshToken();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  return 0;
}

/** Resolves with why the connection ended. */
function follow(client: ApiClient, request: LiveRequest, signal: AbortSignal, onFrame: (frame: LiveFrame) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${client.url.replace(/^http/i, 'ws')}${API_BASE}/live`, 'natsjob');
    const close = (): void => socket.close();
    signal.addEventListener('abort', close, { once: true });
    // The token goes in the first message: addresses end up in logs.
    socket.addEventListener('open', () => socket.send(JSON.stringify(request)));
    socket.addEventListener('message', ({ data }) => onFrame(JSON.parse(String(data)) as LiveFrame));
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', ({ code, reason }) => {
      signal.removeEventListener('abort', close);
      resolve(reason || `code ${code}`);
    });
  });
}

function show(frame: LiveFrame, { options, print, say }: CommandContext): void {
  if (frame.type === 'error') say(`natsjob: ${frame.message}`);
  if (frame.type === 'reset') say('natsjob: some changes were missed; natsjob runs ls shows what is there now.');
  if (frame.type !== 'changes') return;
  for (const run of frame.runs ?? []) print(options.has('json') ? JSON.stringify(run) : runLine(run));
}
