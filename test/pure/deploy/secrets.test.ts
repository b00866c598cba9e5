import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeFiles, manifests, readDeploy } from '../../support/deploy.ts';
import { natsServerPath } from '../../support/nats-server.ts';

const GUIDE = readDeploy('..', 'docs', 'containers.md');
const NATS = await natsServerPath();

describe('the secrets that the guide makes', () => {
  test('are those that the compose files read', () => {
    const read = composeFiles().flatMap(({ content }) => Object.values(content.secrets as Record<string, { file: string }>).map(({ file }) => file.replace('./', '')));
    const made = [...GUIDE.matchAll(/> (secrets\/[\w.-]+)(?: +#.*)?$/gm)].map(([, file]) => file);
    expect([...new Set(made)].toSorted()).toEqual([...new Set(read)].toSorted());
  });

  test('are those that Kubernetes mounts', () => {
    const example = manifests().find(({ kind }) => kind === 'Secret');
    const made = [...GUIDE.matchAll(/--from-literal=([\w.-]+)=/g)].map(([, key]) => key);
    expect(made.toSorted()).toEqual(Object.keys(example.stringData).toSorted());
    expect(GUIDE).toContain(`-n ${example.metadata.namespace} create secret generic ${example.metadata.name} `);
  });
});

describe.skipIf(NATS === undefined)('NATS', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-conf-'));
  // As the guide writes it, with a password of digits, which NATS must not take for a number.
  beforeAll(() => writeFileSync(path.join(folder, 'auth.conf'), 'authorization { user: natsjob, password: "12345678901234567890" }\n'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const inKubernetes = manifests().find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'nats-config').data['nats.conf'] as string;
  test.each([['one.conf', readDeploy('compose', 'nats', 'one.conf')], ['cluster.conf', readDeploy('compose', 'nats', 'cluster.conf')], ['nats.conf', inKubernetes]])('understands %s', (name, text) => {
    writeFileSync(path.join(folder, name), text);
    const { status, stderr } = spawnSync(NATS as string, ['-t', '-c', path.join(folder, name)], { encoding: 'utf8', env: { NATS_NAME: 'nats-1', POD_NAME: 'nats-0' } });
    expect(stderr).toContain('is valid');
    expect(status).toBe(0);
    expect(GUIDE).toContain('authorization { user: natsjob, password: \\"$password\\" }');
  });
});
