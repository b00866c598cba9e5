import { readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { UnavailableError } from '../../domain/errors.ts';
import type { KeptLogin, KeptPassword, LoginKeeper } from '../../ports/index.ts';

/** The file is there and is none of ours: going on without it would put the default password back in force. */
export class BrokenLoginFileError extends Error {
  override readonly name = 'BrokenLoginFileError';
  constructor(file: string, cause?: unknown) {
    super(`${file} holds no login of natsjob: put a copy of it back, or delete it, and the password is again the one of the settings.`, { cause });
  }
}

export const NO_LOGIN: KeptLogin = { notBefore: 0, sparedTokenId: '', revoked: [] };

/** Keeps it in a file with mode 0600, replaced whole. Throws BrokenLoginFileError. */
export function openLoginFile(file: string): LoginKeeper {
  let kept = readLogin(file);
  let writing: Promise<void> = Promise.resolve();
  return {
    get kept() {
      return kept;
    },
    update(change) {
      const written = writing.then(async () => {
        const login = change(kept);
        await replace(file, JSON.stringify(login));
        kept = login;
      });
      writing = written.catch(() => undefined);
      return written;
    },
  };
}

/** Throws BrokenLoginFileError. */
export function readLogin(file: string): KeptLogin {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NO_LOGIN;
    throw new BrokenLoginFileError(file, error);
  }
  try {
    const login = parse(JSON.parse(text));
    if (login !== undefined) return login;
  } catch (error) {
    throw new BrokenLoginFileError(file, error);
  }
  throw new BrokenLoginFileError(file);
}

function parse(value: unknown): KeptLogin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { password, notBefore, sparedTokenId, revoked } = value as Partial<Record<keyof KeptLogin, unknown>>;
  if (typeof notBefore !== 'number' || typeof sparedTokenId !== 'string' || !Array.isArray(revoked)) return undefined;
  if (!revoked.every((entry) => Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number')) return undefined;
  if (password !== undefined && !isPassword(password)) return undefined;
  return { ...(password === undefined ? {} : { password }), notBefore, sparedTokenId, revoked: revoked as KeptLogin['revoked'] };
}

function isPassword(value: unknown): value is KeptPassword {
  const { scheme, salt, hash } = (value ?? {}) as Partial<Record<keyof KeptPassword, unknown>>;
  return scheme === 'scrypt-16384-8-1' && typeof salt === 'string' && salt !== '' && typeof hash === 'string' && hash !== '';
}

async function replace(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  try {
    await rm(fresh, { force: true });
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    throw new UnavailableError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code}); nothing was changed.`, { cause: error });
  }
}
