/** What stands in the bucket for a lock that is held. */
export interface LockValue {
  /** Of one acquiring, so that a write without an answer can be recognised. */
  readonly owner: string;
  /** For people. */
  readonly holder: string;
  readonly ttlMs: number;
}

export const MIN_TTL_MS = 1_000;
export const MAX_TTL_MS = 86_400_000;

export function encodeLock({ owner, holder, ttlMs }: LockValue): string {
  return JSON.stringify({ v: 1, owner, holder, ttlMs });
}

/** Never throws: what is no lock of ours counts as held by somebody unknown, for a minute. */
export function decodeLock(text: string): LockValue {
  let value: { owner?: unknown; holder?: unknown; ttlMs?: unknown } | null = null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    // as null
  }
  const { owner, holder, ttlMs }: { owner?: unknown; holder?: unknown; ttlMs?: unknown } = value ?? {};
  return {
    owner: typeof owner === 'string' ? owner : '',
    holder: typeof holder === 'string' ? holder.slice(0, 200) : 'somebody unknown',
    ttlMs: typeof ttlMs === 'number' && ttlMs >= 0 ? Math.min(ttlMs, MAX_TTL_MS) : 60_000,
  };
}

export function ownerOf(text: string): string {
  return decodeLock(text).owner;
}
