import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until.ts';

/** The service manager's end of sd_notify. */
export interface NotifyListener {
  /** Value of NOTIFY_SOCKET. */
  readonly socket: string;
  /** Messages as they came, each an array of assignments; barriers left out. */
  readonly messages: readonly (readonly string[])[];
  /** Resolves when a message holds such an assignment, with its index. */
  heard(assignment: string | RegExp): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Prints each datagram as a line of JSON. The descriptor of a barrier is closed unread, which is what the sender waits for. */
const SCRIPT = `
import json, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('[]', flush=True)
while True:
    print(json.dumps(listener.recv(65536).decode().splitlines()), flush=True)
`;

export async function notifyListener(): Promise<NotifyListener> {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-notify-'));
  const socket = path.join(folder, 'notify');
  const child = spawn('python3', ['-c', SCRIPT, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const messages: string[][] = [];
  const lines = createInterface({ input: child.stdout });
  const listening = once(lines, 'line');
  lines.on('line', (line) => {
    const words = JSON.parse(line) as string[];
    if (words.length > 0 && words[0] !== 'BARRIER=1') messages.push(words);
  });
  await listening;
  return {
    socket, messages,
    async heard(assignment) {
      const holds = (word: string): boolean => (typeof assignment === 'string' ? word === assignment : assignment.test(word));
      await until(() => messages.some((words) => words.some(holds)), { what: () => `${assignment} among ${JSON.stringify(messages)}` });
      return messages.findIndex((words) => words.some(holds));
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
