import { redactUrl } from '../log/redact.ts';

/** Where a value in `name=value` pairs may end: before the next name that such an address has. */
const NEXT_NAME = String.raw`(?=\s+(?:host|hostaddr|port|user|dbname|sslmode|sslrootcert|sslcert|sslkey|search_path|connect_timeout|application_name|timezone)\s*=|$)`;

/** The address of a database as it may be shown, whether it is a good one or not: rather too much is blotted out than a part of a password left. */
export function maskDatabaseUrl(text: string): string {
  if (/^[a-z]:[\\/][^@]*$/i.test(text)) return text;
  const scheme = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) return redactUrl(scheme + maskLogin(text.slice(scheme.length), text.lastIndexOf('@') - scheme.length));
  if (!/\bpassword\s*=/i.test(text)) return redactUrl(maskLogin(text, lastGoLogin(text)));
  const pairs = text.replace(new RegExp(String.raw`(\bpassword\s*=\s*)(?:'(?:[^'\\]|\\.)*'${NEXT_NAME}|'.*|.*?${NEXT_NAME})`, 'gis'), '$1***');
  return redactUrl(pairs);
}

function maskLogin(text: string, at: number): string {
  const colon = text.indexOf(':');
  return at < 0 || colon < 0 || colon > at ? text : `${text.slice(0, colon)}:***${text.slice(at)}`;
}

/** Where the last @ is that an address may follow, or -1. */
function lastGoLogin(text: string): number {
  return /^.*(?=@[a-z0-9]*(?:\([^()]*\))?\/[^/?]*(?:\?.*)?$)/is.exec(text)?.[0].length ?? -1;
}
