// The small files of a release: sums, the feed, the licences. Values in, text out.

/** All licences that have to go along, the same text once. */
export function licenceDocument(version, parts) {
  const head = `natsjob ${version} is licensed under the Apache License 2.0, see LICENSE. It holds the following software of others, under the licences below.`;
  const list = parts.map(({ name, version: of, licence }) => `  ${name} ${of}: ${licence === 'blessing' ? 'public domain' : licence}`);
  const byText = Map.groupBy(parts, ({ texts }) => texts.join('\n\n'));
  const blocks = [...byText].map(([text, those]) => [RULE, ...those.map(({ name, version: of }) => `${name} ${of}`), RULE, '', text, ''].join('\n'));
  return [head, '', ...list, '', ...blocks].join('\n');
}

const RULE = '='.repeat(80);

/** As `sha256sum -c` and `shasum -c` read it. */
export function sumsDocument(files) {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');
}

/**
 * latest.json, what `natsjob upgrade --check` asks for.
 * @param {readonly { target: string, name: string, bytes: number, sha256: string }[]} files
 */
export function feedDocument({ version, at, notes, files }) {
  const list = files.map(({ target, name, bytes, sha256 }) => ({ target, name, bytes, sha256 }));
  return `${JSON.stringify({ version, releasedAt: at.toISOString(), notes, files: list }, null, 2)}\n`;
}

/** The first paragraphs about a version in CHANGELOG.md, before its lists; '' when it has none. */
export function notesOf(changelog, version) {
  const section = changelog.split(/^## /m).find((text) => text.split('\n', 1)[0].includes(version));
  return section === undefined ? '' : section.split('\n').slice(1).join('\n').split(/^###/m)[0].trim();
}
