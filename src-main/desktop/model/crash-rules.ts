/** A second crash of the page within this time is one too many. */
const AGAIN_MS = 60_000;

/** What to do when the window's page is gone. `lastAt`: when it was last loaded again for that, epoch ms. */
export function afterPageGone(reason: string, lastAt: number | undefined, now: number): 'nothing' | 'reload' | 'static-page' {
  if (reason === 'clean-exit') return 'nothing';
  return lastAt !== undefined && now - lastAt < AGAIN_MS ? 'static-page' : 'reload';
}

/** A page that needs nothing: no script, no server. As an address. */
export function staticPage(title: string, body: string): string {
  const html = `<!doctype html><meta charset="utf-8"><meta http-equiv="content-security-policy" content="default-src 'none'"><title>natsjob</title><h1>${escape(title)}</h1><p>${escape(body)}</p>`;
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`;
}

/** What is kept while the program runs and taken away when it ends in order. */
export interface RunMark {
  readonly lastSeenAt: number;
  readonly running: number;
}

/** What an earlier start left, if it did not end in order. */
export function readRunMark(text: string): RunMark | undefined {
  try {
    const { lastSeenAt, running } = JSON.parse(text) as Record<string, unknown>;
    return typeof lastSeenAt === 'number' && typeof running === 'number' ? { lastSeenAt, running } : undefined;
  } catch {
    return undefined;
  }
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
