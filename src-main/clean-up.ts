/** What was started and how to end it. Ends in the reverse order of starting, each once, and goes on past one that fails. */
export class CleanUp {
  readonly #steps: { name: string; end: () => unknown }[] = [];
  readonly #onError: (step: string, error: unknown) => void;

  constructor(onError: (step: string, error: unknown) => void) {
    this.#onError = onError;
  }

  add(name: string, end: () => unknown): void {
    this.#steps.push({ name, end });
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.end();
      } catch (error) {
        this.#onError(step.name, error);
      }
    }
  }
}
