/** Whether a browser's request was made by a page of ours, or by something that is no browser. */
export function isOwnOrigin(headers: Readonly<Record<string, string | readonly string[] | undefined>>, allowed: readonly string[]): boolean {
  const { origin } = headers;
  if (origin === undefined) return true;
  if (typeof origin !== 'string') return false;
  if (allowed.includes(origin)) return true;
  let host: string;
  try {
    host = new URL(origin).host;
  } catch {
    return false;
  }
  // A page cannot set X-Forwarded-Host on a WebSocket, nor on a request without being asked about it first.
  return host !== '' && [headers.host, headers['x-forwarded-host']].some((own) => typeof own === 'string' && sameHost(own, host, origin));
}

/** A proxy may leave out the port that the scheme stands for. */
function sameHost(own: string, host: string, origin: string): boolean {
  const port = origin.startsWith('https:') ? ':443' : ':80';
  return own.toLowerCase() === host || own.toLowerCase() === host + port;
}
