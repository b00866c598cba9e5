/** The scheme that the system hands to us. Links only lead to a page; none does anything. */
export const LINK_SCHEME = 'natsjobx';

/** `natsjobx://run/<id>` → the panel's page of that run. Undefined for anything else. */
export function pageOfLink(link: string): string | undefined {
  const id = /^natsjobx:\/\/run\/(\d{1,19})\/?$/i.exec(link)?.[1];
  return id === undefined ? undefined : `/runs/${id}`;
}

/** The page that a second start was asked for. Only a whole argument counts, and the last one. */
export function pageOfArguments(argv: readonly string[]): string | undefined {
  return argv.map(pageOfLink).findLast((page) => page !== undefined);
}
