/**
 * Whether news of newer versions may be asked at this address: https, or plain http on this machine itself.
 * Without user and password, as the address is shown and handed to other programs.
 */
export function isFeedUrl(text: string): boolean {
  if (!URL.canParse(text) || /[\s'"`\\]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackName(hostname));
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
