// What Electron gives a utility process: process.parentPort, whose messages wait until somebody listens.
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';

class ParentPort extends EventEmitter {
  #waiting = [];

  constructor() {
    super();
    process.on('message', (data) => {
      if (this.listenerCount('message') > 0) this.emit('message', { data, ports: [] });
      else this.#waiting.push(data);
    });
    this.on('newListener', (name) => {
      if (name !== 'message') return;
      queueMicrotask(() => {
        for (const data of this.#waiting.splice(0)) this.emit('message', { data, ports: [] });
      });
    });
  }

  postMessage(message) {
    if (process.connected) process.send(message);
  }
}

process.parentPort = new ParentPort();
// A test that is killed takes its scheduler with it, as Electron does.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
await import(pathToFileURL(process.argv[2]).href);
