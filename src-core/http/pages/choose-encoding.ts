export type Encoding = 'br' | 'gzip';

/** The smallest form of those there are that an Accept-Encoding header takes; undefined = as it is. */
export function chooseEncoding(header: string, present: readonly Encoding[]): Encoding | undefined {
  const accepted = new Map(header.toLowerCase().split(',').map((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    return [name, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))] as const;
  }));
  return (['br', 'gzip'] as const).find((encoding) => present.includes(encoding) && (accepted.get(encoding) ?? accepted.get('*') ?? false));
}
