import type { Component } from 'svelte';

/** One line of a menu; `separator` draws a rule above it. */
export interface MenuItem {
  readonly label: string;
  readonly icon?: Component<Record<string, unknown>>;
  readonly href?: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly separator?: boolean;
  /** Draws a tick when true. */
  readonly checked?: boolean;
  run?(): unknown;
}
