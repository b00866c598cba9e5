// A worker without any library: the NATS protocol over a socket.
import { connect } from 'node:net';

/**
 * Waits for a dispatched run of the job, answers it with success, and resolves with its taskId once NATS has the answer.
 * `onListening` is called when no message can be missed any more; what it rejects with, this rejects with.
 * @param {{ port: number, job: { namespace: string, app: string, name: string }, deadlineMs: number, onListening: () => Promise<unknown> }} options
 */
export function answerOneRun({ port, job, deadlineMs, onListening }) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    let isListening = false;
    let task;
    const end = (settle, value) => {
      clearTimeout(limit);
      socket.destroy();
      settle(value);
    };
    const limit = setTimeout(() => end(reject, new Error(`the worker got ${task ? 'no acknowledgement' : 'no run'} within ${deadlineMs / 1000} s; last: ${received.slice(-300)}`)), deadlineMs);
    socket.once('error', (error) => end(reject, error));
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
      if (/(^|\r\n)PING\r\n/.test(text)) socket.write('PONG\r\n');
      if (!isListening && /\r\nPONG\r\n/.test(received)) {
        isListening = true;
        onListening().catch((error) => end(reject, error));
      }
      const refused = /-ERR '[^']*'/.exec(received);
      if (refused) end(reject, new Error(`NATS says ${refused[0]}`));
      if (task === undefined) {
        task = taskIn(received);
        if (task === undefined) return;
        const answer = JSON.stringify({ status: 'success', reason: 'from the smoke test', clientId: 'smoke' });
        socket.write(`PUB $KV.${task.jobEndResultKvBucket}.${task.jobEndKvKey} smoke.ack ${answer.length}\r\n${answer}\r\n`);
      } else if (/MSG smoke\.ack [^{]*\{[^}]*"seq":/.test(received)) {
        end(resolve, task.taskId);
      }
    });
    const connected = JSON.stringify({ verbose: false, pedantic: false, tls_required: false, headers: true, name: 'smoke', lang: 'none', version: '0' });
    socket.write(`CONNECT ${connected}\r\nSUB natsjob.job.start.${job.namespace}.${job.app}.${job.name} 1\r\nSUB smoke.ack 2\r\nPING\r\n`);
  });
}

/** The first whole message of a run in what came over the socket. */
function taskIn(received) {
  const [, text] = /\r\nH?MSG natsjob\.job\.start\.[^\r]*\r\n(?:NATS\/1\.0[\s\S]*?\r\n\r\n)?(\{[^\r]*\})\r\n/.exec(received) ?? [];
  return text === undefined ? undefined : JSON.parse(text);
}
