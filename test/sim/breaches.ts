import type { Store } from '../../src-core/ports/index.ts';
import { createMemoryStore } from '../../src-core/sql/index.ts';
import type { RunHeader } from '../../src-core/wire/index.ts';
import { decodeRunHeader, DEFINITIONS_PREFIX, encodeRunHeader, HEARTBEAT_STREAM, jobKey, RESULTS_PREFIX, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import type { MemoryBus } from '../support/memory-bus.ts';
import { openNode } from '../support/virtual-node.ts';
import type { VirtualNode, VirtualNodeParts } from '../support/virtual-node.ts';
import type { StoryOptions } from './story.ts';

/** A node that is broken on purpose, through what it is given: the stories have to see it. */
export interface Breach {
  readonly name: string;
  /** What they say of it. */
  readonly sees: RegExp;
  readonly options: StoryOptions;
}

type Break = (bus: MemoryBus, parts: VirtualNodeParts) => void;

export const BREACHES: readonly Breach[] = [
  { name: 'a holder whose trust does not end', sees: /after its trust had ended|trust themselves at once/, options: { nodes: 2, open: slowClock } },
  { name: 'a lease that anybody can overwrite', sees: /both held term|the lease went|trust themselves at once|after its trust had ended/, options: { nodes: 2, open: broken(overwriteLease) } },
  { name: 'a holder that forgets how far it had come', sees: /the watermark went back/, options: { nodes: 1, open: broken(rewindLease) } },
  { name: 'a take-over that does not look what was sent', sees: /was sent twice/, options: { nodes: 2, open: broken(hideSent) } },
  { name: 'a publisher that sends again what it has no answer for', sees: /was sent twice/, options: { nodes: 1, open: broken(sendBlindly) } },
  { name: 'a publisher that says it has sent what it has not', sees: /is missing/, options: { nodes: 1, open: broken(swallow) } },
  { name: 'a node that takes runs for ended that are not', sees: /runs at once/, options: { nodes: 1, open: broken(endEarly) } },
  { name: 'a store that counts an end twice', sees: /the sums are/, options: { makeStore: countTwice } },
  { name: 'a store that loses rows', sees: /has not|only .* has|for ever|is nowhere|the sums are/, options: { nodes: 2, shared: false, makeStore: loseRows } },
  { name: 'a store that adds skips again', sees: /skips: /, options: { nodes: 2, shared: false, makeStore: addTwice } },
  { name: 'a node that takes workers for roomier than they are', sees: /(line|paced): (\d+ runs at once|\d+ says \d+ run already)/, options: { nodes: 1, open: broken(misread(HEARTBEAT_STREAM, /"capacity":\d+/, '"capacity":99')) } },
  { name: 'a node that gives a run its job\'s options instead of its own', sees: /were asked for/, options: { nodes: 1, open: broken(misread(STREAM, /"timeoutMs":\d+/g, '"timeoutMs":null')) } },
  { name: 'a node that sends before it is time', sees: /before its time/, options: { nodes: 1, open: broken(misread(STREAM, /"delayMs":\d+/g, '"delayMs":0')) } },
  { name: 'a leader that sends runs of a job that was stopped', sees: /after its job had been stopped/, options: { nodes: 1, open: broken(sendStopped) } },
  { name: 'a store that keeps what is cleaned away', sees: /was cleaned away and is/, options: { makeStore: keepAll } },
  { name: 'a node that leaves a timer behind', sees: /of its timers have not/, options: { nodes: 1, open: leakTimer } },
];

function broken(how: Break): (parts: VirtualNodeParts) => VirtualNode {
  return (parts) => {
    const { nats } = parts;
    const connect = nats.connect.bind(nats);
    nats.connect = (clock) => {
      const bus = connect(clock);
      how(bus, parts);
      return bus;
    };
    const node = openNode(parts);
    nats.connect = connect;
    return node;
  };
}

function slowClock(parts: VirtualNodeParts): VirtualNode {
  const node = openNode(parts);
  node.clock.monotonic = () => parts.clock.monotonic() / 10;
  return node;
}

function leakTimer(parts: VirtualNodeParts): VirtualNode {
  const node = openNode(parts);
  node.clock.after(1e9, () => {});
  return node;
}

function overwriteLease(bus: MemoryBus): void {
  const bucketOf = bus.bucket.bind(bus);
  bus.bucket = (name) => {
    const bucket = bucketOf(name);
    return { ...bucket, compareAndSet: async (key, text, revision) => bucket.compareAndSet(key, text, key === 'lease' ? ((await bucket.get(key))?.revision ?? 0) : revision) };
  };
}

function rewindLease(bus: MemoryBus): void {
  const bucketOf = bus.bucket.bind(bus);
  let writes = 0;
  bus.bucket = (name) => {
    const bucket = bucketOf(name);
    return { ...bucket, compareAndSet: (key, text, revision) => bucket.compareAndSet(key, key === 'lease' && ++writes % 10 === 0 ? earlier(text, {}) : text, revision) };
  };
}

function hideSent(bus: MemoryBus): void {
  const bucketOf = bus.bucket.bind(bus);
  bus.bucket = (name) => {
    const bucket = bucketOf(name);
    return {
      ...bucket,
      get: async (key) => {
        const entry = await bucket.get(key);
        return entry === undefined || key !== 'lease' ? entry : { ...entry, text: earlier(entry.text, { runsSequence: bus.server.stream(STREAM)?.lastSequence ?? 0 }) };
      },
    };
  };
}

function earlier(text: string, more: object): string {
  const lease = JSON.parse(text) as { watermark: number };
  return JSON.stringify({ ...lease, watermark: lease.watermark - 3000, ...more });
}

function sendBlindly(bus: MemoryBus): void {
  const openLog = bus.openLog.bind(bus);
  bus.openLog = (options) => {
    const log = openLog(options);
    const publish = log.publish.bind(log);
    log.publish = (message) => {
      publish(message);
      const stopListening = bus.onState((state) => {
        if (state !== 'connected') return;
        stopListening();
        bus.server.publish(message.subject, message.text, { 'Nats-Msg-Id': message.id });
      });
    };
    return log;
  };
}

function swallow(bus: MemoryBus, { clock }: VirtualNodeParts): void {
  const openLog = bus.openLog.bind(bus);
  let fires = 0;
  bus.openLog = (options) => {
    const log = openLog(options);
    const publish = log.publish.bind(log);
    log.publish = (message) => {
      if (/^natsjob\.job\.start\.app\.biz\.(stream|latest|punctual)$/.test(message.subject) && ++fires % 7 === 0) clock.soon(() => message.onSettled(1));
      else publish(message);
    };
    return log;
  };
}

function endEarly(bus: MemoryBus, { nats, clock }: VirtualNodeParts): void {
  const openFeed = bus.openFeed.bind(bus);
  bus.openFeed = (options) => {
    const feed = openFeed(options);
    if (options.stream !== RESULTS_STREAM) return feed;
    nats.listen((_subject, text) => {
      const key = /"jobEndKvKey":"([^"]+)"/.exec(text)?.[1];
      if (key === undefined) return;
      clock.after(100, () => {
        if (bus.state === 'connected') options.onMessage({ sequence: feed.position, subject: RESULTS_PREFIX + key, storedAt: clock.now(), text: 'success', tooLong: false, header: () => '' });
      });
    });
    return feed;
  };
}

function misread(stream: string, what: RegExp, as: string): Break {
  return (bus) => {
    const openFeed = bus.openFeed.bind(bus);
    bus.openFeed = (options) => openFeed(options.stream !== stream ? options : {
      ...options, onMessage: (message) => options.onMessage({ ...message, header: message.header.bind(message), text: message.text.replace(what, as) }),
    });
  };
}

/** One like the last, some seconds after it was to pause. */
function sendStopped(_bus: MemoryBus, { nats, clock }: VirtualNodeParts): void {
  let last: { readonly text: string; readonly header: RunHeader } | undefined;
  nats.listen((subject, text, headers) => {
    const header = subject === 'natsjob.job.start.app.biz.line' ? decodeRunHeader(headers['Natsjob-Run'] ?? '') : undefined;
    if (header !== undefined) last = { text, header };
    if (subject !== `${DEFINITIONS_PREFIX}${jobKey('app', 'biz', 'line')}` || !text.includes('"state":"paused"')) return;
    clock.after(3000, () => {
      if (last === undefined) return;
      const again = last.text.replace(/(?<="taskId":")\d+/, (id) => String(BigInt(id) + (1n << 22n)));
      nats.publish('natsjob.job.start.app.biz.line', again, { 'Natsjob-Run': encodeRunHeader({ ...last.header, trigger: 'api', dispatchedAt: clock.now(), expiresAt: clock.now() + 1000 }) });
    });
  });
}

function keepAll(isShared: boolean): Store {
  const store = createMemoryStore({ isShared });
  return { ...store, apply: (batch) => store.apply({ ...batch, removeRuns: [] }) };
}

function countTwice(isShared: boolean): Store {
  const store = createMemoryStore({ isShared });
  return { ...store, endTotals: async (query) => (await store.endTotals(query)).map((total) => ({ ...total, completed: total.completed * 2 })) };
}

function loseRows(isShared: boolean): Store {
  const store = createMemoryStore({ isShared });
  let rows = 0;
  return { ...store, apply: (batch) => store.apply({ ...batch, insertRuns: batch.insertRuns.filter(() => ++rows % 9 !== 0) }) };
}

let stores = 0;

/** Every other one. */
function addTwice(isShared: boolean): Store {
  const store = createMemoryStore({ isShared });
  if (stores++ % 2 === 0) return store;
  return { ...store, apply: (batch) => store.apply({ ...batch, addSkips: [...batch.addSkips, ...batch.addSkips] }) };
}
