// node examples/run.mjs <id> [url=… namespace=… app=… job=… subject=… workerId=…]: does what the panel tells its readers
// to do: an empty folder, the install line, the filled program, the run line. The test of the examples does the same.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from '../build/nats-server/pin.mjs';
import { PrepareError, runScript } from '../build/prepare.mjs';
import { fillSnippet } from '../src-renderer/snippets/fill-snippet.ts';
import { languages } from './languages.mjs';

const SNIPPETS = new URL('../src-renderer/generated/snippets.json', import.meta.url);
const DEFAULTS = { url: 'nats://127.0.0.1:4222', namespace: 'app', app: 'shop', job: 'report', workerId: 'worker-1' };

/** The example could not be set up. The message has what its tools said. */
export class ExampleNotSetUp extends Error {
  name = 'ExampleNotSetUp';
}

/** Commands the example needs and the machine does not have. */
export function missingTools(id) {
  return languageOf(id).tools.filter((tool) => !isOnPath(tool));
}

/** Installs the example in a new folder and fills the program in; resolves with the folder. Throws ExampleNotSetUp. */
export async function setUpExample(id, values) {
  const { install, installs, file } = languageOf(id);
  const folder = mkdtempSync(path.join(tmpdir(), `natsjob-example-${id}-`));
  if (installs === undefined || !isOnPath(installs)) await runInstall(install, folder);
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), fillSnippet(templateOf(id), values));
  return folder;
}

/** Starts the example that was set up in the folder. The child is the worker itself once it has been compiled. */
export function startExample(id, folder, options) {
  const commands = languageOf(id).run.split(' && ');
  const last = `exec ${commands.pop()}`;
  return spawn('bash', ['-c', [...commands, last].join(' && ')], { cwd: folder, env: environment(), ...options });
}

/** As the panel has it. */
function templateOf(id) {
  return JSON.parse(readFileSync(SNIPPETS, 'utf8')).find((snippet) => snippet.id === id).text;
}

function languageOf(id) {
  return languages().find((language) => language.id === id);
}

async function runInstall(install, folder) {
  let said = '';
  const child = spawn('bash', ['-c', install], { cwd: folder, env: installEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more) => (said += more));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code === 0) return;
  rmSync(folder, { recursive: true, force: true });
  throw new ExampleNotSetUp(`${install}\n${said}`);
}

/** What is compiled for minutes is kept for each user. Nothing of the npm that may have started us reaches another npm. */
function environment() {
  const cache = path.join(cacheFolder(), 'examples');
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NATS_|NODE_OPTIONS|VITEST)/i.test(name));
  const folders = [path.dirname(process.execPath), path.join(cache, 'bin'), process.env.PATH];
  return {
    ...Object.fromEntries(inherited), PATH: folders.join(path.delimiter), GOBIN: path.join(cache, 'bin'),
    CARGO_BUILD_BUILD_DIR: path.join(cache, 'cargo'), CARGO_INCREMENTAL: '0', CARGO_PROFILE_DEV_DEBUG: '0',
  };
}

/** With the machine's own Node before the project's: an npm takes its global settings, as of a registry's certificates, from beside its Node. */
function installEnvironment() {
  const own = environment();
  const isOurs = (folder) => folder.split(path.sep).includes('node_modules');
  const folders = own.PATH.split(path.delimiter);
  return { ...own, PATH: [...folders.filter((folder) => !isOurs(folder)), ...folders.filter(isOurs)].join(path.delimiter) };
}

function isOnPath(tool) {
  return environment().PATH.split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function main() {
  const [id, ...given] = process.argv.slice(2);
  const language = languageOf(id);
  if (!language) throw new PrepareError(`which one? ${languages().map((one) => one.id).join(', ')}`);
  const missing = missingTools(id).filter((tool) => tool !== language.installs);
  if (missing.length > 0) throw new PrepareError(`${missing.join(' and ')} must be on PATH`);
  const values = { ...DEFAULTS, ...Object.fromEntries(given.map((pair) => pair.split(/=(.*)/s))) };
  const folder = await setUpExample(id, { subject: `natsjob.job.start.${values.namespace}.${values.app}.${values.job}`, ...values });
  const child = startExample(id, folder, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) => child.once('close', resolve));
  rmSync(folder, { recursive: true, force: true });
  return code ?? 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await runScript(main);
