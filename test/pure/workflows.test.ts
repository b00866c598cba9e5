import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = path.join(ROOT, '.github', 'workflows');

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const WORKFLOWS = readdirSync(FOLDER).map((file) => ({ file, text: readFileSync(path.join(FOLDER, file), 'utf8') }));
const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Paths of this repository that a shell line names: what Node, or the shell itself, is to run or read. */
function pathsIn(run: string): string[] {
  return [...run.matchAll(/(?:^|[\s"=])((?:\.\/)?(?:build|\.ci|deploy)\/[\w./-]+)/g)].map(([, file]) => file as string);
}

describe.each(WORKFLOWS)('$file', ({ file, text }) => {
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps ?? []);

  it('runs only npm scripts and files that are there', () => {
    const runs = steps.map(({ run }) => run ?? '');
    const named = runs.flatMap((run) => [...run.matchAll(/\bnpm (?:run )?(?:--silent )?([a-z][\w:-]*)/g)].map(([, name]) => name as string)).filter((name) => !['ci', 'install'].includes(name));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    const files = [...runs.flatMap(pathsIn), ...steps.map((step) => step.with?.['file']).filter((value) => typeof value === 'string'), ...jobs.flatMap(([, job]) => (job.uses?.startsWith('./') ? [job.uses] : []))];
    expect(files.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });

  it('pins every action by commit and says which version that is', () => {
    const uses = [...text.matchAll(/uses: (?!\.\/)(.*)$/gm)].map(([, use]) => use as string);
    expect(uses.filter((use) => !/^[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use))).toEqual([]);
  });

  it('may only read unless a job says otherwise, keeps no token in the clone, and ends', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const writing = jobs.filter(([, { permissions }]) => Object.values(permissions ?? {}).includes('write')).map(([name]) => name);
    expect(writing).toEqual(file === 'release.yml' ? ['container', 'publish'] : []);
    for (const step of steps) if (step.uses?.startsWith('actions/checkout@')) expect(step.with).toMatchObject({ 'persist-credentials': false });
    for (const [name, job] of jobs) if (job.steps) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
  });

  it('has no expression in a shell line but those of its own matrix', () => {
    // Others may hold what somebody else wrote, and would be part of the program.
    const found = steps.flatMap(({ run }) => [...(run ?? '').matchAll(/\$\{\{([^}]*)\}\}/g)].map(([, expression]) => (expression as string).trim()));
    expect(found.filter((expression) => !expression.startsWith('matrix.'))).toEqual([]);
  });
});

it('the files that the workflow hands on are those that the steps make', () => {
  const release = WORKFLOWS.find(({ file }) => file === 'release.yml')?.text ?? '';
  const targets = readFileSync(path.join(ROOT, 'build', 'package', 'targets.mjs'), 'utf8');
  for (const [, os, arch] of targets.matchAll(/target\('(\w+)', '(\w+)'/g)) expect(release, `${os}-${arch}`).toContain(`${os}-${arch}`);
  expect(readFileSync(path.join(ROOT, 'build', 'package', 'desktop', 'electron-builder.config.mjs'), 'utf8')).toContain('natsjob-desktop-');
});
