import { UnavailableError } from '../../src-core/domain/errors.ts';
import type { SchedulerApi } from '../../src-core/ports/index.ts';
import type { AskedRun } from '../../src-core/wire/index.ts';
import { askedMoment, askedRunId, askedSubject, encodeAsked } from '../../src-core/wire/index.ts';
import type { Role } from './cast.ts';
import type { Story } from './story.ts';
import { Timetable } from './timetable.ts';

type Will = 'enabled' | 'disabled' | 'paused' | 'deleted';

interface Change {
  readonly name: string;
  readonly wanted: Will;
}

/** Those who define jobs, change their minds, and ask for runs; and what the timetable has to know of it. */
export class People {
  /** By job, of those whose every fire is accounted for. */
  readonly timetables = new Map<string, Timetable>();
  /** Runs they were told would be. */
  readonly promised = new Set<string>();
  /** Jobs of which nothing may be sent, by the wall clock of the world from when on: all nodes know it. */
  readonly offSince = new Map<string, number>();
  /** When they wanted all schedules to end. */
  endedAt = 0;
  readonly #story: Story;
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #deleted = new Set<string>();
  /** What they were told is so, but not every node has read yet. */
  #unread: Change[] = [];
  #pauseWanted: boolean | undefined;
  /** Undefined: the call failed, and may have been carried out. */
  #isPaused: boolean | undefined = false;
  /** Of the jobs made. */
  readonly #numbers = new Map<string, number>();
  /** Calls under way. */
  readonly #changing = new Set<string>();
  /** The last that is certain. */
  readonly #will = new Map<string, Will>();

  constructor(story: Story) {
    this.#story = story;
    this.#roles = new Map(story.cast.roles.map((role) => [role.name, role]));
    for (const role of story.cast.roles) if (role.timed !== undefined) this.timetables.set(role.name, new Timetable(role));
  }

  async makeJobs(): Promise<void> {
    const { clock, places } = this.#story;
    const { api } = places[0]!.node.scheduler;
    await clock.until(api.apps.create('app', { name: 'biz' }));
    for (const { name, definition } of this.#roles.values()) {
      this.#turn(name, 'unsure');
      this.#numbers.set(name, Number((await clock.until(api.jobs.create(definition))).id));
      this.#unread.push({ name, wanted: 'enabled' });
    }
    await this.look();
  }

  /** On some node, without waiting: NATS may be away, and the answer is not always an answer. */
  change(one?: { readonly name: string; readonly wanted: Will }): void {
    const { chance, alive } = this.#story;
    if (alive.length === 0) return;
    const { api } = chance.pick(alive).node.scheduler;
    const name = one?.name ?? chance.pick([...this.#roles.keys()]);
    const wanted = one?.wanted ?? chance.pick<Will>(['enabled', 'enabled', 'enabled', 'disabled', 'paused', 'deleted']);
    if (this.#deleted.has(name) || this.#changing.has(name)) return;
    if (wanted === 'deleted' && !chance.happens(0.4)) return;
    this.#story.note(`${name} is to be ${wanted}`);
    this.#turn(name, 'unsure');
    this.#will.delete(name);
    this.#unread = this.#unread.filter((change) => change.name !== name);
    this.#changing.add(name);
    const id = `app.biz.${name}`;
    if (wanted === 'deleted') this.#deleted.add(name);
    api.jobs.get(id).then(async ({ version }) => {
      if (wanted === 'deleted') await api.jobs.remove(id, version);
      else await api.jobs.update(id, { state: wanted }, version);
      this.#unread.push({ name, wanted });
    }).catch(() => undefined).finally(() => this.#changing.delete(name));
  }

  /** Pauses the whole scheduler, or goes on. */
  pauseAll(): void {
    const { chance, alive } = this.#story;
    if (alive.length === 0 || this.#changing.has('pause')) return;
    const { api } = chance.pick(alive).node.scheduler;
    const wanted = !this.#isPaused;
    this.#story.note(wanted ? 'everything is to pause' : 'everything is to go on');
    for (const name of this.#roles.keys()) this.#turn(name, 'unsure');
    this.#pauseWanted = undefined;
    this.#isPaused = wanted;
    this.#changing.add('pause');
    (wanted ? api.pauseScheduling() : api.resumeScheduling()).then(() => {
      this.#isPaused = this.#pauseWanted = wanted;
    }, () => {
      this.#isPaused = undefined;
    }).finally(() => this.#changing.delete('pause'));
  }

  /** The pause stands in the bucket of the lease, and is gone with it; one that is being written then may stand there after it. */
  pauseLost(): void {
    const isUnderWay = this.#changing.has('pause');
    if (this.#isPaused === false && !isUnderWay) return;
    for (const name of this.#roles.keys()) this.#turn(name, 'unsure');
    this.#isPaused = this.#pauseWanted = isUnderWay ? undefined : false;
  }

  runByHand(): void {
    const { chance, alive } = this.#story;
    const names = [...this.#roles.values()].filter(({ keepsRows }) => keepsRows).map(({ name }) => name);
    if (names.length === 0 || alive.length === 0) return;
    const name = chance.pick(names);
    const delayMs = chance.happens(0.5) ? chance.between(1, 3000) : 0;
    const place = chance.happens(0.7) ? this.#story.leader : chance.pick(alive);
    place.node.scheduler.api.jobs.run(`app.biz.${name}`, { delayMs }).then(({ taskId }) => this.promised.add(taskId), () => undefined);
  }

  /** By a message in the stream, whether anybody leads or reads it now or not. */
  askByMessage(): void {
    const { chance } = this.#story;
    const names = [...this.#roles.values()].filter(({ keepsRows }) => keepsRows).map(({ name }) => name);
    if (names.length === 0) return;
    const name = chance.pick(names);
    const { attempts } = this.#roles.get(name) as Role;
    const runs = Array.from({ length: chance.pick([1, 2, 12]) }, (): AskedRun => ({
      ...(chance.happens(0.4) ? withKey(chance.pick(['a', 'b'])) : { args: `asked ${chance.between(1, 9)}` }), priority: chance.pick([1, 5, 20]), ...(chance.happens(0.3) ? { delayMs: chance.between(1, 3000) } : {}),
      ...(chance.happens(0.3) ? { attempts: chance.between(1, attempts), timeoutMs: chance.between(500, 3000), backoff: { type: 'exponential', delayMs: chance.between(0, 500) } } : {}),
    }));
    this.ask(name, runs);
  }

  /** Ids of the runs; none when NATS did not take the message. */
  ask(name: string, runs: AskedRun[]): readonly string[] {
    const { chance, clock, nats } = this.#story;
    const at = clock.now() + (chance.happens(0.1) ? chance.between(-90_000, 90_000) : 0);
    const job = this.#numbers.get(name);
    const sequence = nats.publish(askedSubject('app', 'biz', name), encodeAsked({ at, runs, ...(job === undefined ? {} : { job }) }), { 'Nats-Msg-Id': `asked ${clock.monotonic()} ${name}` });
    this.#story.note(`${runs.length} runs of ${name} are asked for`);
    const ids = sequence > 0 ? runs.map((_run, index) => askedRunId(askedMoment(at, clock.now()), sequence, index)) : [];
    for (const id of ids) this.promised.add(id);
    return ids;
  }

  async cancelOne(): Promise<void> {
    const { chance, leader } = this.#story;
    const { items } = await leader.view.runs({ limit: 20, states: ['active', 'waiting', 'delayed'] });
    if (items.length > 0) leader.node.scheduler.api.runs.cancel(chance.pick(items).id).catch(() => undefined);
  }

  /** What all nodes have read by now is certain from now on. */
  async look(): Promise<void> {
    for (const change of [...this.#unread]) {
      if (!(await this.#isRead(change)) || !this.#unread.includes(change)) continue;
      this.#unread.splice(this.#unread.indexOf(change), 1);
      this.#will.set(change.name, change.wanted);
      if (!this.#changing.has('pause') && this.#pauseWanted === undefined) this.#settle(change.name);
    }
    const wanted = this.#pauseWanted;
    if (wanted === undefined || !(await this.#isPauseRead(wanted)) || this.#pauseWanted !== wanted) return;
    this.#pauseWanted = undefined;
    for (const name of this.#roles.keys()) this.#settle(name);
  }

  /** No schedule from now on, and no pause. Waits until it is so. */
  async endAll(): Promise<void> {
    const { clock, leader, leases } = this.#story;
    await this.look();
    const { api } = leader.node.scheduler;
    this.endedAt = Math.min(leases.watermark, clock.now() - this.#story.spreadMs);
    await clock.until(api.resumeScheduling());
    for (const name of this.#roles.keys()) {
      const found = await clock.until(api.jobs.get(`app.biz.${name}`).catch(() => undefined));
      if (found === undefined) continue;
      this.#turn(name, 'unsure');
      await clock.until(api.jobs.update(`app.biz.${name}`, { schedule: { expression: '' }, state: 'enabled' }, found.version));
    }
  }

  #settle(name: string): void {
    const will = this.#will.get(name);
    if (will === undefined || this.#isPaused === undefined || this.#unread.some((change) => change.name === name) || this.#changing.has(name)) return;
    this.#turn(name, this.#isPaused || will !== 'enabled' ? 'off' : 'on');
  }

  /** Fires not decided yet are in question; what is certain begins behind all that may have been decided by now. */
  #turn(name: string, phase: 'on' | 'off' | 'unsure'): void {
    const { clock, leases, spreadMs } = this.#story;
    const now = clock.now();
    const after = phase === 'unsure' ? Math.min(leases.watermark, now - spreadMs) : Math.max(leases.watermark, now + spreadMs);
    this.timetables.get(name)?.turn(after, phase);
    if (phase === 'off') this.offSince.set(name, after);
    else this.offSince.delete(name);
  }

  async #isRead({ name, wanted }: Change): Promise<boolean> {
    for (const { isUp, node } of this.#story.places) {
      if (isUp && !(await isTold(node.scheduler.api, name, wanted))) return false;
    }
    return true;
  }

  async #isPauseRead(wanted: boolean): Promise<boolean> {
    for (const { isUp, node } of this.#story.places) {
      if (isUp && ((await node.scheduler.api.pause()) !== undefined) !== wanted) return false;
    }
    return true;
  }
}

/** A node that is starting reads all definitions before it leads. */
async function isTold(api: SchedulerApi, name: string, wanted: Will): Promise<boolean> {
  try {
    if (wanted === 'deleted') return (await api.jobs.count({ q: name })).count === 0;
    return (await api.jobs.count({ q: name, state: wanted })).count > 0;
  } catch (error) {
    return error instanceof UnavailableError;
  }
}

/** The witness, who sees messages alone, reads the key from the arguments. */
function withKey(key: string): AskedRun {
  return { key, args: `key ${key}` };
}
