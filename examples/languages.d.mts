export interface Language {
  readonly id: string;
  readonly label: string;
  readonly file: string;
  readonly tools: readonly string[];
  readonly installs?: string;
  readonly install: string;
  readonly run: string;
}

export function languages(): Language[];
