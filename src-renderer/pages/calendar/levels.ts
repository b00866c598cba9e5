/** Backgrounds from nothing to the most; ink stays readable on each. */
export const LEVELS = ['bg-sunken', 'bg-accent/10', 'bg-accent/18', 'bg-accent/26', 'bg-accent/34'] as const;

const formats = new Map<string, Intl.NumberFormat>();

/** `8.6K`: a number for a small place. */
export function short(value: number, language: string): string {
  let format = formats.get(language);
  if (!format) formats.set(language, format = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }));
  return format.format(value);
}
