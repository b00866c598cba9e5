import type { Component } from 'svelte';

export type PaletteGroup = 'screens' | 'jobs' | 'runs' | 'actions' | 'namespaces';

/** One line of the palette. */
export interface PaletteItem {
  readonly id: string;
  readonly group: PaletteGroup;
  readonly label: string;
  readonly detail?: string;
  readonly icon?: Component<Record<string, unknown>>;
  readonly keys?: string;
  /** Drawn with a tick: it is so now. */
  readonly checked?: boolean;
  run(): void;
}

/** Every word of what is asked stands in the label or the detail. */
export function matches({ label, detail = '' }: Pick<PaletteItem, 'label' | 'detail'>, asked: string): boolean {
  const text = `${label} ${detail}`.toLowerCase();
  return asked.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
