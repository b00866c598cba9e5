import type { RunningNatsjob } from '../../compose.ts';

type Api = RunningNatsjob['api'];
type Overview = Awaited<ReturnType<Api['overview']>>;
type Change = Parameters<Parameters<Api['onChange']>[0]>[0];

interface Pause {
  readonly since: number;
  readonly until: number | null;
}

/** The API with the pause of all scheduling and the summary after a gap. */
export interface PausableApi extends Omit<Api, 'overview' | 'onChange'> {
  pauseScheduling(until?: number): Promise<Pause>;
  resumeScheduling(): Promise<void>;
  overview(filter: { namespace?: string }): Promise<Overview & { readonly pause?: Pause | null }>;
  onChange(listener: (change: Change | { readonly type: 'pause' } | { readonly type: 'gap'; readonly gap: { kind: 'sleep' | 'away'; from: number; to: number; caughtUp: number; skipped: number } }) => void): () => void;
}

export function pausable({ api }: Pick<RunningNatsjob, 'api'>): PausableApi {
  return api as unknown as PausableApi;
}
