import { NodeFaultError, NotReachedError, UnansweredError, UnavailableError } from '../domain/errors.ts';
import { callSubject, decodeFrame, encodeFrame, packError, unpackError } from '../wire/index.ts';
import type { EngineContext } from './context.ts';

export interface CallAnswer {
  readonly value: unknown;
  readonly bytes: Uint8Array;
}

export type CallHandler = (input: unknown, bytes: Uint8Array) => Promise<{ readonly value?: unknown; readonly bytes?: Uint8Array }>;

const NO_BYTES = new Uint8Array(0);
/** Anyone on the account can ask; what is beyond is refused at once. */
const MOST_AT_ONCE = 256;

/** What nodes ask of each other: a value and raw bytes there, the same back, errors as themselves. Nothing of it is stored. */
export class NodeCalls {
  readonly #context: Pick<EngineContext, 'bus' | 'log'> & { readonly config: { readonly nodeId: string } };
  readonly #handlers = new Map<string, CallHandler>();
  #underWay = 0;
  #stop: (() => Promise<void>) | undefined;

  constructor(context: Pick<EngineContext, 'bus' | 'log'> & { readonly config: { readonly nodeId: string } }) {
    this.#context = context;
  }

  /** What the handler rejects with reaches who asked; the classes of domain/errors.ts as they are, all else as NodeFaultError. */
  serve(method: string, handler: CallHandler): void {
    this.#handlers.set(method, handler);
  }

  start(): void {
    this.#stop ??= this.#context.bus.respond(callSubject(this.#context.config.nodeId, '*'), (payload) => this.#answer(payload));
  }

  /** Calls under way are answered first. */
  async stop(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }

  /**
   * Rejects with what the other node's handler rejected with; with NotReachedError when the call surely reached nobody,
   * UnansweredError when it may have been carried out, NodeFaultError when there is no sense in asking again.
   */
  async ask(nodeId: string, method: string, input: unknown, limitMs: number, bytes: Uint8Array = NO_BYTES): Promise<CallAnswer> {
    const { bus } = this.#context;
    const frame = encodeFrame({ method, input }, bytes);
    if (frame.length > bus.maxPayloadBytes) throw new NodeFaultError(`The call ${method} is too long: ${frame.length} bytes, and NATS takes ${bus.maxPayloadBytes}.`);
    const answer = decodeFrame(await this.#send(nodeId, method, frame, limitMs));
    const head = asRecord(answer?.head);
    if (answer === undefined || head === undefined) throw new NodeFaultError(`Server "${nodeId}" answered ${method} with something that is no answer.`);
    if (head.error !== undefined) throw unpackError(head.error);
    return { value: head.value, bytes: answer.bytes };
  }

  async #send(nodeId: string, method: string, frame: Uint8Array, limitMs: number): Promise<Uint8Array> {
    try {
      return await this.#context.bus.request(callSubject(nodeId, method), frame, limitMs);
    } catch (error) {
      if (!(error instanceof UnavailableError) || error instanceof UnansweredError) throw error;
      throw new NotReachedError(`Server "${nodeId}" cannot be reached: ${error.message}`, { cause: error });
    }
  }

  async #answer(payload: Uint8Array): Promise<Uint8Array> {
    const { bus, log } = this.#context;
    try {
      const { value, bytes = NO_BYTES } = await this.#handle(payload);
      const frame = encodeFrame({ value }, bytes);
      if (frame.length <= bus.maxPayloadBytes) return frame;
      throw new NodeFaultError(`The answer is too long: ${frame.length} bytes, and NATS takes ${bus.maxPayloadBytes}.`);
    } catch (error) {
      const packed = packError(error);
      if (packed.name === 'NodeFaultError') log.warn({ err: error }, 'a call of another node failed');
      return encodeFrame({ error: packed }, NO_BYTES);
    }
  }

  async #handle(payload: Uint8Array): Promise<{ readonly value?: unknown; readonly bytes?: Uint8Array }> {
    const frame = decodeFrame(payload);
    const head = asRecord(frame?.head);
    if (frame === undefined || typeof head?.method !== 'string') throw new NodeFaultError('The call is not one that nodes send.');
    const handler = this.#handlers.get(head.method);
    if (handler === undefined) throw new NodeFaultError(`This server does not know the call "${head.method.slice(0, 64)}": is it of another version?`);
    if (this.#underWay >= MOST_AT_ONCE) throw new UnavailableError('This server is busy with too many calls of other nodes.');
    this.#underWay++;
    try {
      return await handler(head.input, frame.bytes);
    } finally {
      this.#underWay--;
    }
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
