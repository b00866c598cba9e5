import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

export interface Ran {
  /** 127 when there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine as the service commands see it; an argument, so that tests can be one. */
export interface ServiceHost {
  readonly platform: string;
  /** 0 = root; undefined on Windows. */
  readonly uid: number | undefined;
  readonly home: string;
  readonly temporaryDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Stands before every path that is read or written. '' except in tests. */
  readonly root: string;
  /** Runs a program to its end. Never rejects for what the program does. */
  run(command: string, args: readonly string[]): Promise<Ran>;
}

export function realHost(environment: ServiceHost['environment']): ServiceHost {
  return { platform: process.platform, uid: process.getuid?.(), home: homedir(), temporaryDir: tmpdir(), environment, root: '', run: (command, args) => runProgram(command, args, environment) };
}

/** Runs a program with this environment, its input closed. */
export function runProgram(command: string, args: readonly string[], environment: ServiceHost['environment']): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment }, windowsHide: true });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error) => resolve({ code: 127, stdout, stderr: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 128, stdout, stderr }));
  });
}

/** Files below the host's root. All throw what node:fs throws, except for what is not there. */
export function hostFiles({ root }: Pick<ServiceHost, 'root'>) {
  const at = (file: string): string => root + file;
  return {
    read(file: string): string | undefined {
      try {
        return readFileSync(at(file), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
        throw error;
      }
    },
    /** Nobody but root may read it. */
    isRootsAlone(file: string): boolean {
      const { uid, gid, mode } = statSync(at(file));
      return uid === 0 && (mode & 0o004) === 0 && (gid === 0 || (mode & 0o040) === 0);
    },
    exists: (file: string): boolean => statSync(at(file), { throwIfNoEntry: false }) !== undefined,
    /** Replaces it; nobody reads it with another mode in between. */
    write(file: string, text: string, mode: number): void {
      mkdirSync(path.dirname(at(file)), { recursive: true });
      rmSync(at(file), { force: true });
      writeFileSync(at(file), text, { mode, flag: 'wx' });
      chmodSync(at(file), mode);
    },
    /** False when it was there already; it is then left as it is. Folders on the way to it are for everybody to pass through, whatever the umask. */
    makeFolder(folder: string, mode: number): boolean {
      if (statSync(at(folder), { throwIfNoEntry: false })) return false;
      const first = mkdirSync(at(folder), { recursive: true }) ?? at(folder);
      for (let one = path.dirname(at(folder)); one.length >= first.length; one = path.dirname(one)) chmodSync(one, 0o755);
      chmodSync(at(folder), mode);
      return true;
    },
    remove: (file: string): void => rmSync(at(file), { force: true }),
    path: at,
  };
}

export type HostFiles = ReturnType<typeof hostFiles>;
