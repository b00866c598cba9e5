// Which Go modules are inside our Go programs: the programs say so themselves (`go version -m`).
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError } from '../../prepare.mjs';
import { licenceTexts, recognise, requireAllowed } from './licences.mjs';

const NATS_SERVER = 'github.com/nats-io/nats-server/v2';

/**
 * The union over the programs: Go's own library, and every module but those without a version (our own).
 * @param {readonly { file: string, use: string }[]} programs `use`: what the program is called in the list of parts
 * @returns {import('./parts.d.mts').Part[]} by ref; throws LicenceError
 */
export function goParts(programs) {
  const found = new Map();
  for (const { file, use } of programs) {
    const { go, modules } = readProgram(file);
    for (const [module, version, sum] of [['std', go, ''], ...modules]) {
      const key = `${module}@${version}`;
      const known = found.get(key);
      if (known) known.uses.add(use);
      else found.set(key, { module, version, sum, uses: new Set([use]) });
    }
  }
  return [...found.values()].map(goPart).sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

/** Go's version without "go", and the modules with version and sum. */
function readProgram(file) {
  const text = go(['version', '-m', file]);
  const [, version] = /: go(\S+)/.exec(text) ?? [];
  if (version === undefined) throw new PrepareError(`${file} is not a Go program`);
  const modules = [...text.matchAll(/^\t(?:mod|dep)\t(\S+)\t(v\S+)(?:\t(\S+))?$/gm)].map(([, module, of, sum]) => [module, of, sum ?? '']);
  return { go: version, modules };
}

function goPart({ module, version, sum, uses }) {
  const isLibrary = module === 'std';
  const folder = isLibrary ? go(['env', 'GOROOT']).trim() : folderOf(module, version);
  const texts = licenceTexts(`${module} ${version}`, folder);
  const licence = recognise(readFileSync(path.join(folder, 'LICENSE'), 'utf8'));
  requireAllowed(`${module} ${version}`, licence);
  return {
    ref: `pkg:golang/${module}@${version}`, name: isLibrary ? 'Go standard library' : module, version, licence, texts, uses: [...uses].sort(),
    ...(module === NATS_SERVER ? { isApplication: true } : {}), ...(sum === '' ? {} : { goSum: sum }),
  };
}

/** In Go's module cache; fetched when it is not there. */
function folderOf(module, version) {
  return JSON.parse(go(['mod', 'download', '-json', `${module}@${version}`])).Dir;
}

function go(args) {
  const { status, stdout, stderr, error } = spawnSync('go', args, { encoding: 'utf8', cwd: path.parse(process.cwd()).root });
  if (error || status !== 0) throw new PrepareError(`go ${args.join(' ')}: ${error ? 'Go is needed to list what the Go programs hold' : stderr.trim()}`);
  return stdout;
}
