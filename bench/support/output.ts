import type { Figure } from './types.ts';

const COLUMNS = ['value', 'unit', 'limit', 'ratio', 'cpu_us', 'nats_cpu_us', 'p50_ms', 'p99_ms', 'max_ms', 'rss_mb'] as const;

export function jsonLine(figure: Figure): string {
  return JSON.stringify(figure, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value));
}

export function table(figures: readonly Figure[]): string {
  const rows = [['case', ...COLUMNS], ...figures.map((figure) => [figure.case, ...COLUMNS.map((column) => cell(figure[column], column))])];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((text, column) => (column === 0 || COLUMNS[column - 1] === 'unit' ? text.padEnd(widths[column]!) : text.padStart(widths[column]!))).join('  ').trimEnd()).join('\n');
}

function cell(value: string | number | null, column: string): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  if (column === 'ratio') return `${Math.round(value * 100)} %`;
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
