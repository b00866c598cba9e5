export interface Toast {
  readonly id: number;
  readonly kind: 'ok' | 'bad';
  readonly text: string;
  /** A button in the toast: undo, or a link to what was made. */
  readonly action?: { readonly label: string; run(): void };
}

const SHOWN_MS = 8_000;
const MOST = 4;

/** Short messages in the corner, read out by screen readers. Those with an action stay twice as long. */
class Toasts {
  #items = $state.raw<readonly Toast[]>([]);
  #next = 1;

  get items(): readonly Toast[] { return this.#items; }

  ok(text: string, action?: Toast['action']): void {
    this.#add({ id: this.#next++, kind: 'ok', text, ...(action && { action }) });
  }

  bad(text: string, action?: Toast['action']): void {
    this.#add({ id: this.#next++, kind: 'bad', text, ...(action && { action }) });
  }

  close(id: number): void {
    this.#items = this.#items.filter((toast) => toast.id !== id);
  }

  #add(toast: Toast): void {
    this.#items = [...this.#items, toast].slice(-MOST);
    setTimeout(() => this.close(toast.id), toast.action || toast.kind === 'bad' ? 2 * SHOWN_MS : SHOWN_MS);
  }
}

export const toasts = new Toasts();
