import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * The text of the file, which is made from `make` with mode 0600 when it is not there or empty. Two starters at once get the same text.
 * Throws what node:fs throws.
 */
export function readOrMake(file: string, make: () => string): string {
  const kept = readText(file);
  if (kept !== '') return kept;
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, `${make()}\n`, { mode: 0o600, flush: true });
  try {
    // An empty file is what a full disk or a power cut left of an earlier try.
    if (readRaw(file) === '') rmSync(file);
    // Unlike a rename this never replaces what somebody else has just made.
    linkSync(fresh, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  return readText(file);
}

function readText(file: string): string {
  return (readRaw(file) ?? '').trim();
}

function readRaw(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
