// In place of iconv-lite in the bundles. mysql2 asks it for texts that Node's Buffer cannot read: sessions of ours are UTF-8, so that
// is only what a server of another character set says before there is a session. Node reads those character sets itself.

/** As iconv-lite's: parts in, text out. What is unknown is read as UTF-8; it is for people. */
export function getDecoder(encoding) {
  let decoder;
  try {
    decoder = new TextDecoder(encoding);
  } catch {
    decoder = new TextDecoder();
  }
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
}

export function getEncoder() {
  return { write: (text) => Buffer.from(text, 'utf8'), end: () => undefined };
}
