import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, lstatSync, lchownSync, mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { execForm, expand, readDockerfile, readPairs, type Instruction } from './dockerfile.ts';

/** What a container of the image starts with. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  /** `uid:gid` in numbers. */
  readonly user: string;
  readonly volumes: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly healthcheck: readonly string[];
  readonly stopSignal: string;
}

export interface Image {
  /** Folder with the image's files. */
  readonly root: string;
  readonly config: ImageConfig;
}

export interface BuildOptions {
  readonly dockerfile: string;
  /** Folder that COPY takes from. */
  readonly context: string;
  /** TARGETARCH and the like, and those of --build-arg. */
  readonly args: Readonly<Record<string, string>>;
  /** Puts an image's files into the empty folder `root`, by the name of the image without tag and digest. */
  readonly bases: Readonly<Record<string, (root: string) => void>>;
  /** An empty folder for the stages; stays after the build. */
  readonly folder: string;
}

interface Stage {
  readonly from: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/**
 * Follows a Dockerfile to its last stage, making only the stages it rests on, as BuildKit does. As root, on Linux. Knows what
 * ours uses and throws at anything else.
 */
export function buildImage(options: BuildOptions): Image {
  const { stages, globals } = readStages(options.dockerfile, options.args);
  const built = new Map<Stage, Image>();
  return build(stages.at(-1) as Stage);

  function build(stage: Stage): Image {
    const known = built.get(stage);
    if (known) return known;
    const root = path.join(options.folder, `stage-${stages.indexOf(stage) + 1}`);
    mkdirSync(root);
    const earlier = stageNamed(stage.from);
    if (earlier) copyTree(build(earlier).root, root, undefined, undefined);
    else if (stage.from !== 'scratch') baseNamed(stage.from)(root);
    const image = { root, config: run(stage, root) };
    built.set(stage, image);
    return image;
  }

  function run(stage: Stage, root: string): ImageConfig {
    const values: Record<string, string> = {};
    const config = { env: {}, labels: {}, workdir: '/', user: '0:0', volumes: [], entrypoint: [], cmd: [], healthcheck: [], stopSignal: 'SIGTERM' } as { -readonly [K in keyof ImageConfig]: ImageConfig[K] };
    for (const { name, flags, text, line } of stage.instructions) {
      const filled = expand(text, values);
      const list = (): string[] => execForm(filled) ?? fail(`line ${line}: ${name} is not a list`);
      if (name === 'ARG') Object.assign(values, pick(text.split('=')[0] as string, { ...readPairs(text), ...globals }));
      else if (name === 'ENV') config.env = { ...config.env, ...readPairs(filled) };
      else if (name === 'LABEL') config.labels = { ...config.labels, ...readPairs(filled) };
      else if (name === 'COPY') copy(root, flags, filled);
      else if (name === 'RUN') inside(root, filled);
      else if (name === 'WORKDIR') mkdirSync(path.join(root, (config.workdir = filled)), { recursive: true });
      else if (name === 'USER') config.user = filled;
      else if (name === 'VOLUME') config.volumes = list();
      else if (name === 'ENTRYPOINT') config.entrypoint = list();
      else if (name === 'CMD') config.cmd = list();
      else if (name === 'HEALTHCHECK') config.healthcheck = execForm(filled.replace(/^CMD /, '')) ?? fail(`line ${line}: a health check that is not a list`);
      else if (name === 'STOPSIGNAL') config.stopSignal = filled;
      else if (name !== 'EXPOSE') fail(`line ${line}: ${name} is not known here`);
    }
    return config;
  }

  function copy(root: string, flags: Readonly<Record<string, string>>, text: string): void {
    const [to = '', ...sources] = text.split(' ').toReversed();
    const stage = flags['from'] === undefined ? undefined : (stageNamed(flags['from']) ?? fail(`no stage ${flags['from']}`));
    for (const pattern of sources) {
      for (const source of matching(path.join(stage ? build(stage).root : options.context, pattern))) {
        const isInto = to.endsWith('/') && !lstatSync(source).isDirectory();
        copyTree(source, path.join(root, to, isInto ? path.basename(source) : ''), flags['chown'] ?? '0:0', flags['chmod']);
      }
    }
  }

  function stageNamed(name: string): Stage | undefined {
    return stages.find((stage) => stage.name === name);
  }

  function baseNamed(image: string): (root: string) => void {
    const name = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
    return options.bases[name] ?? fail(`no files for the image ${name}`);
  }
}

function readStages(dockerfile: string, args: Readonly<Record<string, string>>): { stages: Stage[]; globals: Record<string, string> } {
  const globals: Record<string, string> = {};
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of readDockerfile(readFileSync(dockerfile, 'utf8'))) {
    if (instruction.name === 'FROM') {
      const [from, , name] = expand(instruction.text, { ...globals, ...args }).split(' ');
      stages.push({ from: from as string, name, instructions: [] });
    } else if (stages.length > 0) stages.at(-1)?.instructions.push(instruction);
    else Object.assign(globals, readPairs(instruction.text));
  }
  return { stages, globals: { ...globals, ...args } };
}

/** A star may stand at the end of a file's name, and then there need be none. */
function matching(pattern: string): string[] {
  if (!pattern.endsWith('*')) return [pattern];
  const folder = path.dirname(pattern);
  return readdirSync(folder).filter((name) => name.startsWith(path.basename(pattern).slice(0, -1))).map((name) => path.join(folder, name));
}

/** A folder's content or a file; owner `uid:gid` and mode of all that is copied, or as they are. Parents belong to root. */
function copyTree(from: string, to: string, owner: string | undefined, mode: string | undefined): void {
  mkdirSync(path.dirname(to), { recursive: true });
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from)) {
      copyTree(path.join(from, name), path.join(to, name), owner, mode);
      const copied = lstatSync(path.join(from, name));
      if (copied.isDirectory()) dress(path.join(to, name), copied, owner, mode);
    }
  } else {
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else copyFileSync(from, to);
    dress(to, stat, owner, mode);
  }
}

function dress(file: string, stat: { uid: number; gid: number; mode: number; isSymbolicLink(): boolean }, owner: string | undefined, mode: string | undefined): void {
  const [uid, gid] = owner?.split(':').map(Number) ?? [stat.uid, stat.gid];
  lchownSync(file, uid as number, gid as number);
  if (!stat.isSymbolicLink()) chmodSync(file, mode === undefined ? stat.mode & 0o7777 : Number.parseInt(mode, 8));
}

function inside(root: string, command: string): void {
  const { status, stderr, error } = spawnSync('chroot', [root, '/bin/sh', '-c', command], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } });
  if (status !== 0) fail(`RUN ${command}: ${error?.message ?? stderr}`);
}

function pick(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return { [name]: values[name] ?? '' };
}

function fail(message: string): never {
  throw new Error(message);
}
