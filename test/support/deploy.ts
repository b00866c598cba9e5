import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { ConfigError, loadConfig } from '../../src-core/system/index.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url));

/** Of the package, which the files have to follow. */
export const VERSION = (JSON.parse(readDeploy('..', 'package.json')) as { version: string }).version;

/** Documents of YAML files in deploy/, without a type: each test says what it looks for. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Document = any;

export function readDeploy(...names: string[]): string {
  return readFileSync(path.join(DEPLOY, ...names), 'utf8');
}

/** Name without `.yaml` → the file as Compose reads it: defaults of variables filled in, anchors and merges resolved. */
export function composeFiles(): { name: string; text: string; content: Document }[] {
  return yamlNames('compose').map((file) => {
    const text = readDeploy('compose', file);
    return { name: file.replace('.yaml', ''), text, content: parse(text.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1'), { merge: true }) };
  });
}

/** Every document of every manifest, the kustomization left out. YAML 1.1, as Kubernetes reads it. */
export function manifests(): Document[] {
  return yamlNames('kubernetes').filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => parseAllDocuments(readDeploy('kubernetes', file), { version: '1.1' }).map((document) => document.toJS() as Document));
}

function yamlNames(folder: string): string[] {
  return readdirSync(path.join(DEPLOY, folder)).filter((name) => name.endsWith('.yaml'));
}

/** What stands in a secret's file, by the file's name. */
const SECRETS: Readonly<Record<string, string>> = {
  'login-pwd': 'a good password', 'nats-url': 'nats://natsjob:a-good-password@nats:4222', 'secret-key': 'x'.repeat(32),
};

/** As docs/containers.md has them made. */
const ADDRESSES: Readonly<Record<string, string>> = { mysql: 'natsjob:a-good-password@tcp(mysql:3306)/natsjob', postgres: 'postgres://natsjob:a-good-password@postgres:5432/natsjob' };

/** What natsjob itself says against these settings, in a container with nothing in /app/conf; empty = it would start. */
export function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig({
      env, flags: [], cwd: '/app', systemTimezone: 'UTC',
      readFile: (file) => {
        const secret = path.basename(file) === 'db-url' ? ADDRESSES[env['NATSJOB_DB_TYPE'] ?? ''] : SECRETS[path.basename(file)];
        if (secret === undefined) throw Object.assign(new Error(file), { code: 'ENOENT' });
        return `${secret}\n`;
      },
    });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
