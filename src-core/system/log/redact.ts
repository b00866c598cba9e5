/** user:password@ in addresses, also those of Go's MySQL driver (no scheme, `@tcp(`). */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/?#"'@]*):(?:[^\s"'@/]|@(?=[^\s"'/,]*@))+@/gi;
const URL_TOKEN = /(\b(?:nats|tls):\/\/)[^\s:/?#"'@]+@/gi;
const GO_PASSWORD = /([\w.-]+):[^\s:"']+@(tcp|unix)\(/gi;
const PAIR = /\b(password|passwd|pwd|token|secret)(\\?["']?\s*[=:]\s*\\?["']?)(?!\*{3})[^\s"'&,;\\]+/gi;

/** The text with the passwords of addresses in it, and `password=…` pairs, blotted out. */
export function redactUrl(text: string): string {
  let clean = text;
  if (clean.includes('@')) {
    clean = clean.replace(URL_PASSWORD, '$1:***@').replace(URL_TOKEN, (whole, scheme: string) => (whole.endsWith(':***@') ? whole : `${scheme}***@`)).replace(GO_PASSWORD, '$1:***@$2(');
  }
  return clean.replace(PAIR, '$1$2***');
}
