import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnansweredError, UnavailableError } from '../../src-core/domain/errors.ts';
import type { Bus } from '../../src-core/ports/bus.ts';
import { STREAM } from '../../src-core/wire/index.ts';
import { patiently } from '../support/patiently.ts';
import type { BusWorld } from './bus-stage.ts';
import { comingBack, until } from './bus-stage.ts';

/** Only for what hangs. */
const ANSWER_MS = 60_000;
const IDS = Array.from({ length: 100 }, (_, index) => `m${index}`);

/** Requests and answers, as every Bus brings them. */
export function describeBusCalls(name: string, open: () => Promise<BusWorld>): void {
  describe(`bus conformance, calls: ${name}`, () => {
    let world: BusWorld;
    let bus: Bus;

    beforeEach(async () => {
      world = await open();
      bus = await world.connect();
      await patiently(() => bus.ensureObjects({ replicas: 1, maxBytes: 256 * 1024 * 1024 }));
    });
    afterEach(async () => {
      await world.close();
    });

    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const texts = (payload: Uint8Array): string => new TextDecoder().decode(payload);
    const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

    it('brings a request to who responds, and the answer back', async () => {
      const other = await world.connect();
      const stop = other.respond('natsjob-node.b.*', async (payload) => bytes(`${texts(payload)} back`));
      await other.roundTripMs();
      expect(texts(await bus.request('natsjob-node.b.one', bytes('there'), ANSWER_MS))).toBe('there back');
      expect(texts(await other.request('natsjob-node.b.two', bytes(''), ANSWER_MS))).toBe(' back');
      expect((await bus.streamInfo(STREAM))?.messages).toBe(0);
      await stop();
    });

    it('gives each request to one of those who respond in a queue, and goes on when one of them stops', async () => {
      const [first, second] = [await world.connect(), await world.connect()];
      const taken: string[] = [];
      const answerAs = (name: string) => async (payload: Uint8Array): Promise<Uint8Array> => {
        taken.push(name);
        return payload;
      };
      const stop = first.respond('natsjob-node.any.run.get', answerAs('first'), 'group');
      second.respond('natsjob-node.any.run.get', answerAs('second'), 'group');
      await Promise.all([first.roundTripMs(), second.roundTripMs()]);
      await Promise.all(IDS.map((id) => bus.request('natsjob-node.any.run.get', bytes(id), ANSWER_MS)));
      expect(taken).toHaveLength(IDS.length);
      expect(new Set(taken)).toEqual(new Set(['first', 'second']));
      await stop();
      taken.length = 0;
      await Promise.all(IDS.map((id) => bus.request('natsjob-node.any.run.get', bytes(id), ANSWER_MS)));
      expect(taken).toEqual(IDS.map(() => 'second'));
    });

    it('says at once that nobody responds: then the request reached nobody', async () => {
      const other = await world.connect();
      const stop = other.respond('natsjob-node.b.x', async (payload) => payload);
      await stop();
      for (const subject of ['natsjob-node.c.x', 'natsjob-node.b.x']) {
        const error = await caught(bus.request(subject, bytes('x'), 60_000));
        expect(error).toBeInstanceOf(UnavailableError);
        expect(error).not.toBeInstanceOf(UnansweredError);
      }
    });

    it('says when no answer came in time: then it may have been taken', async () => {
      const other = await world.connect();
      other.respond('natsjob-node.b.never', () => new Promise(() => {}));
      other.respond('natsjob-node.b.fails', () => Promise.reject(new Error('no')));
      await other.roundTripMs();
      for (const subject of ['natsjob-node.b.never', 'natsjob-node.b.fails']) expect(await caught(bus.request(subject, bytes('x'), 50))).toBeInstanceOf(UnansweredError);
    });

    it('says when the connection broke before the answer, and responds again once it is back', async () => {
      const other = await world.connect();
      let taken = 0;
      other.respond('natsjob-node.b.x', async (payload) => {
        taken++;
        return texts(payload) === 'wait' ? new Promise(() => {}) : payload;
      });
      await other.roundTripMs();
      const error = caught(bus.request('natsjob-node.b.x', bytes('wait'), 60_000));
      await until(() => taken === 1);
      const areBack = Promise.all([comingBack(bus), comingBack(other)]);
      await world.breakConnections();
      expect(await error).toBeInstanceOf(UnansweredError);
      await areBack;
      await other.roundTripMs();
      expect(texts(await bus.request('natsjob-node.b.x', bytes('again'), ANSWER_MS))).toBe('again');
      expect(taken).toBe(2);
    });

    it('refuses a request while it is not connected', async () => {
      const asked = new Promise<unknown>((resolve) => {
        bus.onState((state) => {
          if (state === 'disconnected') resolve(caught(bus.request('natsjob-node.b.x', bytes('x'), 60_000)));
        });
      });
      await world.breakConnections();
      const error = await asked;
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).not.toBeInstanceOf(UnansweredError);
    });

    it('takes payloads as large as a message may be, and none larger', async () => {
      const other = await world.connect();
      other.respond('natsjob-node.b.x', async (payload) => payload);
      await other.roundTripMs();
      const largest = new Uint8Array(bus.maxPayloadBytes).map((_, index) => index % 251);
      const back = await bus.request('natsjob-node.b.x', largest, ANSWER_MS);
      expect(Buffer.compare(back, largest)).toBe(0);
      const error = await caught(bus.request('natsjob-node.b.x', new Uint8Array(bus.maxPayloadBytes + 1), ANSWER_MS));
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error).not.toBeInstanceOf(UnansweredError);
    });

    it('answers many requests at a time, each its own', async () => {
      const other = await world.connect();
      const waiting: (() => void)[] = [];
      other.respond('natsjob-node.b.x', async (payload) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return payload;
      });
      await other.roundTripMs();
      const answers = Promise.all(IDS.map(async (id) => texts(await bus.request('natsjob-node.b.x', bytes(id), ANSWER_MS))));
      await until(() => waiting.length === 100);
      for (const release of waiting.toReversed()) release();
      expect(await answers).toEqual(IDS);
    });

    it('answers what is under way when responding is stopped', async () => {
      const other = await world.connect();
      let release = (): void => {};
      const stop = other.respond('natsjob-node.b.x', async (payload) => {
        await new Promise<void>((resolve) => (release = resolve));
        return payload;
      });
      await other.roundTripMs();
      let taken = false;
      const answer = bus.request('natsjob-node.b.x', bytes('last'), ANSWER_MS).finally(() => (taken = true));
      const blocked = release;
      await until(() => release !== blocked);
      const stopped = stop();
      expect(taken).toBe(false);
      release();
      await stopped;
      expect(texts(await answer)).toBe('last');
    });

    it('stops responding though the connection breaks before the server knows', async () => {
      const other = await world.connect();
      const stop = other.respond('natsjob-node.b.x', async (payload) => payload);
      await other.roundTripMs();
      const stopped = stop();
      await world.breakConnections();
      await stopped;
    });

    it('drops no request that is on its way when responding is stopped: it is answered, or told to have reached nobody', async () => {
      const other = await world.connect();
      for (let round = 0; round < 50; round++) {
        const stop = other.respond('natsjob-node.b.x', async (payload) => payload);
        await other.roundTripMs();
        const asked = Promise.all(IDS.map((id) => caught(bus.request('natsjob-node.b.x', bytes(id), ANSWER_MS))));
        await Promise.all([stop(), asked]);
        expect((await asked).filter((error) => error instanceof UnansweredError)).toEqual([]);
      }
    });
  });
}
