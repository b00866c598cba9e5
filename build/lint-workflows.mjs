// node build/lint-workflows.mjs: the workflows and the shell scripts, looked at by actionlint and shellcheck.
// actionlint is fetched and built by Go; shellcheck comes from the system (Debian: shellcheck).
import { spawnSync } from 'node:child_process';
import { PrepareError, ROOT, runScript, say } from './prepare.mjs';

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';

await runScript(() => {
  const scripts = run('git', ['ls-files', '*.sh', '.ci/run']).trim().split('\n');
  run('shellcheck', ['--severity=warning', ...scripts]);
  run('go', ['run', ACTIONLINT, '-no-color']);
  say(`ok     workflows and ${scripts.length} scripts`);
  return 0;
});

/** What it wrote. Throws PrepareError with it when it fails or is not there. */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (error) throw new PrepareError(`${command} is needed: ${error.message}`);
  if (status !== 0) throw new PrepareError(`${command} found:\n${`${stdout}${stderr}`.trim()}`);
  return stdout;
}
