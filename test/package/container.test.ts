import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awakeMs } from '../support/awake-time.ts';
import { VERSION, composeFiles, readDeploy, type Document } from '../support/deploy.ts';
import { busyboxBase, canRunContainers, distrolessBase } from '../support/mini-base.ts';
import { makeContainerFolder, processesIn, startContainer, writableMounts, type Container } from '../support/mini-container.ts';
import { buildImage, type Image } from '../support/mini-image.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { until } from '../support/until.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const BINARY = path.join(ROOT, 'dist', 'release', `natsjob-${VERSION}-linux-${process.arch}`);
const SETTINGS = { NATSJOB_LOGIN_PWD: 'a password of this test', NATSJOB_LOG_ENV: 'json' };
const NATSJOB = '/usr/local/bin/natsjob';
const USER = 10_001;
/** An engine waits this long by itself. */
const STOP_MS = 10_000;

// The image of deploy/Dockerfile, laid out from its instructions and run in the kernel's namespaces: no engine is needed.
describe.skipIf(!isPacked() || !canRunContainers())('the container', () => {
  let folder: string;
  let image: Image;
  let count = 0;

  beforeAll(() => {
    folder = makeContainerFolder();
    image = buildImage({
      dockerfile: path.join(ROOT, 'deploy', 'Dockerfile'), context: ROOT, folder: makeFolder('image', 0),
      args: { TARGETARCH: process.arch === 'x64' ? 'amd64' : process.arch, BUILDPLATFORM: 'linux/amd64' },
      bases: { 'gcr.io/distroless/cc-debian12': distrolessBase, busybox: busyboxBase },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('has one program, no shell, and nothing that gives rights', () => {
    const programs = filesOf(image.root).filter(({ mode, file }) => (mode & 0o111) !== 0 && !/\.so[.\d]*$/.test(file));
    expect(programs.map(({ file }) => file)).toEqual([NATSJOB]);
    expect(filesOf(image.root).filter(({ mode }) => (mode & 0o6000) !== 0)).toEqual([]);
    expect(filesOf(image.root).reduce((sum, { size }) => sum + size, 0)).toBeLessThan(180e6);
    expect(image.config.labels['org.opencontainers.image.version']).toBe(VERSION);
    const papers = ['LICENSE', 'THIRD-PARTY-LICENSES.txt'].filter((name) => existsSync(path.join(ROOT, name)) || existsSync(path.join(ROOT, 'dist', 'release', name)));
    expect(readdirSync(path.join(image.root, 'usr/share/doc/natsjob')).toSorted()).toEqual(papers);
    for (const volume of image.config.volumes) expect(lstatSync(path.join(image.root, volume))).toMatchObject({ uid: USER, gid: USER });
  });

  test('starts without rights on a read-only root, fires, and knows the zones', async () => {
    await using container = await startContainer({ image, volumes: newVolumes(), env: SETTINGS });
    await untilReady(container);
    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\t${USER}\\t${USER}\\t${USER}\\t${USER}$`, 'm'));
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    for (const line of ['CapPrm:\t0000000000000000', 'CapEff:\t0000000000000000', 'NoNewPrivs:\t1']) expect(status).toContain(line);
    expect(writableMounts(container).toSorted()).toEqual([...image.config.volumes].toSorted());
    expect(writableMounts(container)).toContain(image.config.env['SQLITE_TMPDIR']);

    natsjob(container, ['job', 'apply', '-f', '-'], 'app: biz\nname: hello\nschedule: { expression: "@every 1s", timezone: Asia/Shanghai }\ntimeoutMs: 10000\n');
    await until(() => (JSON.parse(natsjob(container, ['runs', 'ls', '--json'])) as { items: unknown[] }).items.length > 0, { what: 'a run' });
    expect(container.exec([NATSJOB, 'job', 'apply', '-f', '-'], 'app: biz\nname: nowhere\nschedule: { expression: "@daily", timezone: Asia/Nowhere }\n').code).not.toBe(0);
  });

  test('takes TZ for its zone, as other images do', async () => {
    await using container = await startContainer({ image, volumes: newVolumes(), env: { ...SETTINGS, NATSJOB_LOG_ENV: 'console', TZ: 'Asia/Kathmandu' } });
    const [, time] = await until(() => /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/.exec(container.output()), { what: 'a line of the log' });
    expect(Math.abs(Date.parse(`${time}+05:45`) - Date.now())).toBeLessThan(600_000);
  });

  test('ends in order at SIGTERM, although it is the first process', async () => {
    const volumes = newVolumes();
    await using container = await startContainer({ image, volumes, env: SETTINGS });
    await untilReady(container);
    const all = processesIn(container).map(({ pid }) => pid);
    container.kill(image.config.stopSignal as NodeJS.Signals);
    // Without the time in which others had the machine.
    expect(await awakeMs(container.ended)).toBeLessThan(STOP_MS);
    const { code, output } = await container.ended;
    expect(code).toBe(0);
    expect(output).toContain('"Stopped"');
    expect(all.length).toBeGreaterThan(1);
    for (const pid of all) expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(readdirSync(volumes['/app/data'] as string)).toContain('natsjob.sqlite');
  });

  test('leaves no dead process lying about', async () => {
    await using container = await startContainer({ image, volumes: newVolumes(), env: SETTINGS });
    await untilReady(container);
    const before = natsOf(container);
    process.kill(before as number, 'SIGKILL');
    await until(() => natsOf(container) !== undefined && natsOf(container) !== before, { what: 'NATS to be started again' });
    await untilReady(container);
    expect(processesIn(container).map(({ state, command }) => `${command} ${state === 'Z'}`)).toEqual(['natsjob false', 'nats-server false']);
  });

  test('goes on from its volumes after kill -9 of everything', async () => {
    const volumes = newVolumes();
    {
      await using container = await startContainer({ image, volumes, env: SETTINGS });
      await untilReady(container);
      natsjob(container, ['job', 'apply', '-f', '-'], 'app: biz\nname: kept\nschedule: { expression: "@daily" }\ntimeoutMs: 10000\n');
      container.kill('SIGKILL');
      await container.ended;
    }
    await using container = await startContainer({ image, volumes, env: SETTINGS });
    await untilReady(container);
    expect(natsjob(container, ['job', 'ls'])).toContain('kept');
  });

  test('is content with one volume at /app, as Kubernetes gives it', async () => {
    const volume = makeFolder(`volume-${++count}`, USER);
    await using container = await startContainer({ image, volumes: { '/app': volume }, env: SETTINGS });
    await untilReady(container);
    expect(writableMounts(container)).toEqual(['/app']);
    expect(readdirSync(volume).toSorted()).toEqual(['conf', 'data', 'logs']);
  });

  test('works with a NATS server of its own and secrets in files, as nats.yaml has it', async () => {
    const file = composeFiles().find(({ name }) => name === 'nats') as Document;
    const [secrets, nats] = [makeFolder('secrets', 0), makeFolder('nats', 0)];
    writeFileSync(path.join(secrets, 'login-pwd'), 'a password of this test\n');
    writeFileSync(path.join(secrets, 'nats-url'), 'nats://natsjob:12345678901234567890@nats:4222\n');
    writeFileSync(path.join(nats, 'auth.conf'), 'authorization { user: natsjob, password: "12345678901234567890" }\n');
    writeFileSync(path.join(nats, 'one.conf'), readDeploy('compose', 'nats', 'one.conf').replace('"/data"', JSON.stringify(nats)));
    writeFileSync(path.join(nats, 'hosts'), '127.0.0.1 localhost nats\n');
    await using container = await startContainer({ image, volumes: { ...newVolumes(), '/run/secrets': secrets, '/etc/hosts': path.join(nats, 'hosts') }, env: file.content.services.natsjob.environment });
    await untilReady(container, []);
    expect(container.exec([...image.config.healthcheck, '--ready']).code).toBe(1);
    const server = spawn('nsenter', ['--target', String(container.pid), '--net', (await natsServerPath()) as string, '-c', path.join(nats, 'one.conf')], { stdio: 'ignore', env: { NATS_NAME: 'nats' } });
    try {
      await untilReady(container);
      // Its exit code says whether it is ready just then.
      expect(container.exec([NATSJOB, 'status']).output).toContain('nats://nats:4222');
      expect(processesIn(container)).toHaveLength(1);
    } finally {
      const gone = once(server, 'close');
      server.kill('SIGKILL');
      await gone;
    }
  });

  test('is not healthy where nobody serves', async () => {
    await using container = await startContainer({ image, volumes: newVolumes(), command: ['healthcheck'] });
    expect((await container.ended).code).toBe(1);
  });

  test('says in one line that a volume belongs to somebody else', async () => {
    await using container = await startContainer({ image, volumes: { ...newVolumes(), '/app/data': makeFolder(`foreign-${++count}`, 0) }, env: SETTINGS });
    const { code, output } = await container.ended;
    expect(code).toBe(78);
    expect(output).toBe('natsjob: The data folder /app/data cannot be written by this user; give it to this user or choose another one with --data.\n');
  });

  /** Folder of the image → an empty one of this machine, for each volume; with owner and mode of the former, as Docker makes them. */
  function newVolumes(): Record<string, string> {
    return Object.fromEntries(image.config.volumes.map((volume) => {
      const { uid, mode } = lstatSync(path.join(image.root, volume));
      return [volume, makeFolder(`volume-${++count}`, uid, mode & 0o777)];
    }));
  }

  function makeFolder(name: string, owner: number, mode = 0o755): string {
    const made = path.join(folder, name);
    mkdirSync(made, { mode });
    chownSync(made, owner, owner);
    return made;
  }

  /** Until its health check says that it is well; without `--ready` it only has to answer. */
  async function untilReady(container: Container, options: string[] = ['--ready']): Promise<void> {
    await until(() => container.exec([...image.config.healthcheck, ...options]).code === 0, { deadlineMs: 120_000, what: () => `the container to be ready\n${container.output()}` });
  }
});

function natsjob(container: Container, words: string[], input?: string): string {
  const { code, output } = container.exec([NATSJOB, ...words], input);
  if (code !== 0) throw new Error(`natsjob ${words.join(' ')}: ${code}\n${output}\n${container.output()}`);
  return output;
}

function natsOf(container: Container): number | undefined {
  return processesIn(container).find(({ command, state }) => command === 'nats-server' && state !== 'Z')?.pid;
}

function filesOf(root: string, below = ''): { file: string; mode: number; size: number }[] {
  return readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(below, entry.name);
    if (entry.isDirectory()) return filesOf(root, file);
    const { mode, size } = lstatSync(path.join(root, file));
    return entry.isSymbolicLink() ? [] : [{ file: `/${file}`, mode, size }];
  });
}

function isPacked(): boolean {
  if (existsSync(BINARY)) return true;
  if (process.env.CI) throw new Error(`${BINARY} is missing: npm run package -- headless --target=linux-${process.arch} makes it`);
  process.stderr.write(`\n*** SKIPPED *** the tests of the container: npm run package -- headless --target=linux-${process.arch} first\n`);
  return false;
}
