import type { Clock } from '../../src-core/ports/clock.ts';
import { MemoryNats } from '../support/memory-nats.ts';
import type { MemoryBus } from '../support/memory-bus.ts';
import { describeBus } from './bus.ts';
import type { BusWorld } from './bus-stage.ts';
import { describeBusCalls } from './bus-calls.ts';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  soon: (action) => void setImmediate(action),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

async function openMemoryWorld(): Promise<BusWorld> {
  const server = new MemoryNats(clock);
  const buses: MemoryBus[] = [];
  return {
    async connect() {
      const bus = server.connect();
      buses.push(bus);
      return bus;
    },
    async breakConnections() {
      for (const bus of buses) bus.cut();
      setTimeout(() => buses.forEach((bus) => bus.mend()), 5);
    },
    async wipe() {
      server.wipe();
    },
    async listen(onPublish) {
      server.listen((subject, _text, headers) => onPublish(subject, headers['Nats-Msg-Id'] ?? ''));
    },
    async close() {
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

describeBus('memory', openMemoryWorld);
describeBusCalls('memory', openMemoryWorld);
