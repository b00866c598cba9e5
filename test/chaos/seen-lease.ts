import type { NatsConnection } from '@nats-io/transport-node';

export interface SeenLease {
  readonly nodeId: string;
  readonly term: number;
  readonly held: boolean;
}

/** Who leads, read from its bucket; undefined while nobody can tell. */
export async function readLease(client: NatsConnection | undefined): Promise<SeenLease | undefined> {
  try {
    const answer = await client?.request('$JS.API.STREAM.MSG.GET.KV_natsjob-control', JSON.stringify({ last_by_subj: '$KV.natsjob-control.lease' }), { timeout: 1_000 });
    const text = answer?.json<{ message?: { data: string } }>().message?.data;
    if (text === undefined) return undefined;
    const lease = JSON.parse(Buffer.from(text, 'base64').toString()) as SeenLease;
    return lease.held ? lease : undefined;
  } catch {
    return undefined;
  }
}
