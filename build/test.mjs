// npm test [-- filter …]: sets the clone up, runs every suite and ends with one line, `N passed, N failed`.
// A filter is part of a test file's path; `--unit`, `--e2e`, `--desktop` or `--panel` alone picks one suite. Fails when no test ran.
// `--examples` runs the workers of examples/: it needs package registries and compilers, so it runs only when asked for;
// so does `--electron`, which needs Electron and a screen.
// `--package` packs this machine's program and tries it: what is in dist/release, and on the packed one those e2e tests that packing can change.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { binaryName, ownTarget } from './package/targets.mjs';
import { NODE, PrepareError, ROOT, prepare, runForeground, runNode, runScript, say, scratchFolder } from './prepare.mjs';

/** Where the packed program can differ from the built one: its start, files, threads, native parts, drivers, commands. What it decides is the same code. */
const PACKED_E2E = [
  'asking', 'bad-upkeep', 'cells', 'cells-map', 'cells-targets', 'cli', 'cluster-api', 'cluster-snapshot', 'confined', 'crash', 'db-commands', 'history', 'live',
  'lost-view', 'notify', 'one-time-login', 'outages-disk', 'outages-start', 'program', 'run-lists', 'service', 'smoke', 'stop-with-stdin', 'upgrade', 'upkeep',
];

const SUITES = [
  { name: 'unit', config: 'vitest.config.ts' },
  { name: 'e2e', config: 'vitest.e2e.config.ts', needsBuild: true },
  { name: 'desktop', config: 'vitest.desktop.config.ts', needsBuild: true, script: 'build/desktop.mjs' },
  { name: 'panel', config: 'vitest.panel.config.ts', needsBuild: true },
  { name: 'electron', config: 'vitest.electron.config.ts', needsBuild: true, script: 'build/desktop.mjs', isApart: true },
  { name: 'examples', config: 'vitest.examples.config.ts', needsBuild: true, isApart: true },
  { name: 'package', config: 'vitest.package.config.ts', needsBuild: true, needsPacked: true, isApart: true },
  { name: 'packed-e2e', flag: 'package', config: 'vitest.e2e.config.ts', onPacked: true, isApart: true, args: PACKED_E2E.map((name) => `test/e2e/${name}.test.ts`) },
];

await runScript(async () => {
  const flags = process.argv.slice(2).filter((arg) => SUITES.some(({ name, flag = name }) => arg === `--${flag}`));
  const filters = process.argv.slice(2).filter((arg) => !flags.includes(arg));
  const suites = SUITES.filter(({ name, flag = name, isApart }) => (flags.length === 0 ? !isApart : flags.includes(`--${flag}`)));
  await prepare({ build: false });

  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const reports = scratchFolder('test-reports');
  for (const suite of suites) {
    const report = path.join(reports, `${suite.name}-${process.pid}.json`);
    const code = await runSuite(suite, report, filters).catch(sayWhy);
    const counts = readReport(report);
    if (code !== 0 && counts.failed === 0) counts.failed = 1; // crashed, or an error outside of any test
    for (const key of Object.keys(total)) total[key] += counts[key];
    failures.push(...counts.failures.map((failure) => `${suite.name}: ${failure}`));
    say(`${suite.name}: ${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
    rmSync(report, { force: true });
  }
  if (total.passed + total.failed === 0) throw new PrepareError(filters.length > 0 ? `no test matches ${filters.join(' ')}` : 'no test ran');
  // Once more at the end: of a long run only the end may be kept.
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`);
  return total.failed === 0 ? 0 : 1;
});

/** A build that fails must not hide what the unit tests say: only the suite that needs it fails with it. */
async function runSuite({ config, needsBuild = false, needsPacked = false, onPacked = false, script, args: more = [] }, report, filters) {
  if (needsBuild) await prepare({ natsServer: false });
  if (script) await runNode([path.join(ROOT, script)]);
  // CI has packed every target before.
  if (needsPacked && !process.env.CI) await runNode([path.join(ROOT, 'build', 'package', 'index.mjs'), 'headless', `--target=${ownTarget().name}`]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', config, '--passWithNoTests', ...reporters, ...(filters.length > 0 ? filters : more)];
  return runForeground(NODE, args, onPacked ? { env: { ...process.env, NATSJOB_TEST_PROGRAM: packedProgram() } } : {});
}

function packedProgram() {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return path.join(ROOT, 'dist', 'release', binaryName(version, ownTarget()));
}

function sayWhy(error) {
  say(error.message);
  return 1;
}

/** Counts of vitest's report. A file that broke before its tests counts as one failure. */
function readReport(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const broken = report.testResults.filter((one) => one.status === 'failed' && !one.assertionResults.some((test) => test.status === 'failed'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
      failures: report.testResults.flatMap(tellFailures),
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
}

/** What failed in a file: the test's name, and the first lines of why. */
function tellFailures({ name, status, message, assertionResults }) {
  const file = path.relative(ROOT, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${file}\n${firstLines(message)}`] : [];
  return failed.map((test) => `${file} > ${test.fullName}\n${firstLines(test.failureMessages.join('\n'))}`);
}

function firstLines(text = '') {
  return text.split('\n').slice(0, 30).map((line) => `    ${line.slice(0, 300)}`).join('\n');
}
