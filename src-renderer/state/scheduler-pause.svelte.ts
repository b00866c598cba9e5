import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import type { PauseResource, PauseState } from '../../src-core/http/contract.ts';
import { ApiError, api, call } from '../api/client.ts';
import { i18n } from '../i18n/index.svelte.ts';
import { errorText } from '../lib/errors.ts';
import { live } from './live.svelte.ts';
import { now } from './now.svelte.ts';
import { toMs } from './times.svelte.ts';
import { toasts } from './toasts.svelte.ts';

const PATH = 'scheduler/pause';
/** null = until somebody resumes. */
const LENGTHS = [15, 60, null] as const;

/** The pause of the whole scheduler. */
class SchedulerPause {
  #last = $state.raw<PauseResource | null>(null);
  /** How often the live feed has told of it. */
  #told = 0;

  /** The one in force. */
  readonly current = $derived(this.#last?.until != null && toMs(this.#last.until) <= now.ms ? null : this.#last);

  /** For `$effect`: knows it from now on. */
  start(): () => void {
    const read = (): void => void this.#act(() => api.get<PauseState>(PATH));
    read();
    return live.listen({ changes: ({ pause }) => { if (pause) this.#take(pause); }, reset: read });
  }

  /** What can be done about it, as lines of a menu. */
  get deeds(): readonly { readonly id: string; readonly label: string; readonly icon: typeof Play; run(): void }[] {
    const t = i18n.t.shell;
    return [
      ...(this.current ? [{ id: 'resume-all', label: t.resumeAll, icon: Play, run: () => this.resume() }] : []),
      ...LENGTHS.map((minutes) => ({ id: `pause-all-${minutes}`, label: t.pauseAll(minutes), icon: Pause, run: () => this.#pause(minutes) })),
    ];
  }

  resume(): void {
    void this.#act(async () => {
      await call('DELETE', PATH);
      return { pause: null };
    }, true);
  }

  #pause(minutes: number | null): void {
    void this.#act(() => call('PUT', PATH, { body: minutes === null ? {} : { until: new Date(Date.now() + minutes * 60_000).toISOString() } }), true);
  }

  #take({ pause }: PauseState): void {
    this.#told++;
    this.#last = pause;
  }

  async #act(ask: () => Promise<PauseState>, isAsked = false): Promise<void> {
    const told = this.#told;
    try {
      const { pause } = await ask();
      // What the feed told meanwhile is newer, or is followed by what was done here.
      if (told === this.#told) this.#last = pause;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (isAsked) toasts.bad(errorText(error, i18n.t));
    }
  }
}

export const schedulerPause = new SchedulerPause();
