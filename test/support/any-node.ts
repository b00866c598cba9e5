import { connect } from '@nats-io/transport-node';
import type { AnyNodeMethod } from '../../src-core/wire/index.ts';
import { anyNodeSubject, decodeFrame, encodeFrame, unpackError } from '../../src-core/wire/index.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface AnyNode {
  /** Rejects with what the node rejected with. */
  ask(method: AnyNodeMethod, input?: unknown): Promise<Json>;
  publish(subject: string, text: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A program with nothing but a NATS client, that asks any node. */
export async function connectAnyNode(url: string): Promise<AnyNode> {
  const client = await connect({ servers: url, reconnect: true, maxReconnectAttempts: -1 });
  return {
    async ask(method, input) {
      const answer = await client.request(anyNodeSubject(method), encodeFrame({ method, input }, new Uint8Array(0)), { timeout: 60_000 });
      const head = decodeFrame(answer.data)?.head as { value?: unknown; error?: unknown };
      if (head.error !== undefined) throw unpackError(head.error);
      return head.value;
    },
    publish: (subject, text) => client.publish(subject, text),
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}
