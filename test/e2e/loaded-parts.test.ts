import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { sparePort } from '../support/spare-port.ts';
import { isPackedTested, testedEnvironment, testedProgram } from '../support/tested-program.ts';

/** Writes the address of each module to the channel that the test has opened. */
const TELLS = `data:text/javascript,${encodeURIComponent(`import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.send?.(url); return next(url, context); } });`)}`;
/** Only for databases on servers, and for copies to them. */
const SERVERS = /node_modules\/(mysql2|pg|pg-[a-z]+|sql-escaper)\/|src-core\/sql\/(servers\.ts|remote|postgres|mysql|dm|copy)|drizzle-orm\/(pg|mysql)-core\/dialect/;
/** Nor what is of no use to a scheduler that runs without a terminal. */
const OTHERS = /src-main\/(upgrade\/|service\/install|commands\/(db-|job-))|node_modules\/pino-pretty\//;

describe.skipIf(isPackedTested || !(await canStartProgram()))('what a start loads', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-parts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('with a file as database: nothing of servers, and no other command', async () => {
    const sources = await loadedSources({});
    expect(sources).toContainEqual(expect.stringContaining('src-core/sql/sqlite/open.ts'));
    expect(sources.filter((source) => SERVERS.test(source) || OTHERS.test(source))).toEqual([]);
  });

  test('with a server: what all servers need and its own driver', async () => {
    const sources = await loadedSources({ NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL: `postgres://nobody:none@127.0.0.1:${await sparePort()}/natsjob` });
    expect(sources.filter((source) => SERVERS.test(source))).toEqual(expect.arrayContaining([expect.stringContaining('node_modules/pg/'), expect.stringContaining('src-core/sql/remote/')]));
    expect(sources.filter((source) => source.includes('node_modules/mysql2/'))).toEqual([]);
  });

  /** Sources of all that was loaded when it says that it has started; by then it has tried to reach its database. */
  async function loadedSources(env: Record<string, string>): Promise<readonly string[]> {
    const [httpPort, natsPort] = [await sparePort(), await sparePort()];
    const child = spawn(process.execPath, ['--import', TELLS, testedProgram, 'serve', '--http-port', String(httpPort), '--nats-port', String(natsPort)], {
      cwd: folder, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...testedEnvironment(), NATSJOB_LOG_ENV: 'json', NATSJOB_NATS_SERVER: (await natsServerPath()) ?? '', ...env },
    });
    const urls: string[] = [];
    child.on('message', (url) => urls.push(String(url)));
    // Not its exit: what it has told may be read after that.
    const gone = new Promise((resolve) => child.once('close', resolve));
    try {
      let output = '';
      await new Promise<void>((resolve, reject) => {
        child.once('exit', () => reject(new Error(`it ended:\n${output}`)));
        for (const stream of [child.stdout!, child.stderr!]) {
          stream.setEncoding('utf8').on('data', (text: string) => {
            output += text;
            if (output.includes('"msg":"Started"')) resolve();
          });
        }
      });
    } finally {
      child.kill('SIGTERM');
      await gone;
    }
    return urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url)).flatMap(sourcesOf);
  }
});

/** What was bundled into a file, by its source map; a file without one stands for itself. */
function sourcesOf(file: string): readonly string[] {
  if (!existsSync(`${file}.map`)) return [file];
  const { sources } = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: readonly string[] };
  return sources.map((source) => path.resolve(path.dirname(file), source));
}
