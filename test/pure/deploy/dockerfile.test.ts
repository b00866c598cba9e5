import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTING_LIST } from '../../../src-core/system/index.ts';
import { VERSION, problemsOf, readDeploy } from '../../support/deploy.ts';
import { execForm, expand, readDockerfile, readPairs } from '../../support/dockerfile.ts';

const INSTRUCTIONS = readDockerfile(readDeploy('Dockerfile'));
const ARGS = Object.assign({}, ...named('ARG').map(({ text }) => readPairs(text))) as Record<string, string>;
/** Those that make the image, after the last FROM. */
const LAST = INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex(({ name }) => name === 'FROM'));

describe('the Dockerfile', () => {
  test('rests on images that cannot change', () => {
    const stages = new Set(named('FROM').flatMap(({ text }) => / AS (\S+)$/.exec(text)?.[1] ?? []));
    const bases = named('FROM').map(({ text }) => expand(text.split(' ')[0] as string, { ...ARGS, TARGETARCH: 'amd64' })).filter((base) => base !== 'scratch' && !stages.has(base));
    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  test('has the version of the package', () => {
    expect(ARGS['VERSION']).toBe(VERSION);
  });

  test('takes from the repository what the builder is sent, and no more', () => {
    const allowed = readDeploy('Dockerfile.dockerignore').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const taken = named('COPY').filter(({ flags }) => flags['from'] === undefined).flatMap(({ text }) => text.split(' ').slice(0, -1));
    expect(taken.map((file) => expand(file.replace(/\*$/, ''), { VERSION: '*' })).toSorted()).toEqual(allowed.toSorted());
    expect(readDeploy('Dockerfile.dockerignore')).toMatch(/^\*$/m);
  });

  test('runs as a user without a name or rights, started and asked for its health without a shell', () => {
    expect(names(LAST)).not.toContain('ADD');
    expect(names(LAST)).not.toContain('RUN');
    expect(the('USER')).toBe('10001:10001');
    expect(names(LAST).indexOf('USER')).toBeLessThan(names(LAST).indexOf('ENTRYPOINT'));
    expect(execForm(the('ENTRYPOINT'))).toEqual(['/usr/local/bin/natsjob']);
    expect(execForm(the('CMD'))).toEqual(['serve']);
    expect(execForm(the('HEALTHCHECK').replace(/^CMD /, ''))).toEqual(['/usr/local/bin/natsjob', 'healthcheck']);
    expect(the('STOPSIGNAL')).toBe('SIGTERM');
  });

  test('keeps data, settings and logs in volumes that belong to that user', () => {
    expect(execForm(the('VOLUME'))).toEqual(['data', 'conf', 'logs'].map((name) => `/app/${name}`));
    const folders = SETTING_LIST.filter(({ key }) => ['dataDir', 'confDir', 'logDir'].includes(key)).map((setting) => path.resolve(the('WORKDIR'), setting.default));
    expect(folders).toEqual(execForm(the('VOLUME')));
    expect(LAST.find(({ name, text }) => name === 'COPY' && text.endsWith(' /app/'))?.flags['chown']).toBe(the('USER'));
  });

  test('sets only what natsjob knows, and opens the port it listens on', () => {
    expect(problemsOf(readPairs(the('ENV')))).toEqual([]);
    expect(execForm(the('VOLUME'))).toContain(readPairs(the('ENV'))['SQLITE_TMPDIR']);
    expect(the('EXPOSE')).toBe(SETTING_LIST.find(({ key }) => key === 'httpPort')?.default);
  });
});

function named(name: string) {
  return INSTRUCTIONS.filter((instruction) => instruction.name === name);
}

function names(instructions: typeof INSTRUCTIONS): string[] {
  return instructions.map(({ name }) => name);
}

/** What the only instruction of this name in the last stage says. */
function the(name: string): string {
  const found = LAST.filter((instruction) => instruction.name === name);
  if (found.length !== 1) throw new Error(`${found.length} times ${name} in the last stage`);
  return found[0]?.text ?? '';
}
