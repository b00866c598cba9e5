import type { PreviewRequest, PreviewResource } from '../../../src-core/http/contract.ts';
import { api, ApiError } from '../../api/client.ts';

const PATIENCE_MS = 250;

/** The next fires of what is being typed, from the scheduler's own code. Only the newest question counts. */
export class SchedulePreview {
  #value = $state.raw<PreviewResource | undefined>();
  #error = $state.raw<ApiError | undefined>();
  #isBusy = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | undefined;

  get value(): PreviewResource | undefined { return this.#value; }
  get error(): ApiError | undefined { return this.#error; }
  get isBusy(): boolean { return this.#isBusy; }

  ask(request: PreviewRequest): void {
    this.stop();
    this.#isBusy = true;
    this.#timer = setTimeout(() => void this.#read(request), PATIENCE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#isBusy = false;
  }

  async #read(request: PreviewRequest): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const value = await api.post<PreviewResource>('schedule/preview', request, { signal: asking.signal });
      if (asking.signal.aborted) return;
      this.#value = value;
      this.#error = undefined;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    } finally {
      if (this.#asking === asking) this.#isBusy = false;
    }
  }
}
