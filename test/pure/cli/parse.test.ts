import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src-main/cli/parse-command-line.ts';
import { COMMANDS } from '../../../src-main/commands/index.ts';
import { UsageError } from '../../../src-main/cli/command.ts';

function parse(line: string) {
  const { command, words, options, settings, help } = parseCommandLine(line.split(' ').filter(Boolean), COMMANDS);
  return { name: command.name, words, options: Object.fromEntries(options), settings: settings.map(({ name, value }) => `${name}=${value}`), help };
}

const NOTHING = { words: [], options: {}, settings: [], help: 'none' };

describe('a command line', () => {
  it.each([
    ['', { ...NOTHING, name: 'serve' }],
    ['--http-port 81', { ...NOTHING, name: 'serve', settings: ['NATSJOB_HTTP_PORT=81'] }],
    ['--NATSJOB_LOG_ENV=json serve --require-nats', { ...NOTHING, name: 'serve', settings: ['NATSJOB_LOG_ENV=json', 'NATSJOB_REQUIRE_NATS=true'] }],
    ['job ls -n app --json', { ...NOTHING, name: 'job ls', options: { namespace: 'app', json: '' } }],
    ['--http-port 81 job run app.biz.x --args=a=b --delay 5', { ...NOTHING, name: 'job run', words: ['app.biz.x'], options: { args: 'a=b', delay: '5' }, settings: ['NATSJOB_HTTP_PORT=81'] }],
    ['job apply -f -', { ...NOTHING, name: 'job apply', options: { file: '-' } }],
    ['job rm -- -x --json', { ...NOTHING, name: 'job rm', words: ['-x', '--json'] }],
    ['job run --args -5 app.biz.x', { ...NOTHING, name: 'job run', words: ['app.biz.x'], options: { args: '-5' } }],
    ['--version', { ...NOTHING, name: 'version' }],
    ['-v --json', { ...NOTHING, name: 'version', options: { json: '' } }],
    ['--help', { ...NOTHING, name: 'serve', help: 'all' }],
    ['job run --help', { ...NOTHING, name: 'job run', help: 'command' }],
    ['job -h', { ...NOTHING, name: 'job ls', help: 'all' }],
  ])('%s', (line, parsed) => {
    expect(parse(line)).toEqual(parsed);
  });

  it.each([
    ['sreve', 'There is no command "sreve". Did you mean serve?'],
    ['jobs ls', 'There is no command "jobs". Did you mean job?'],
    ['xyzzy', 'There is no command "xyzzy".'],
    ['job', 'natsjob job needs one of: ls, get, apply, run, enable, disable, rm.'],
    ['job list', 'There is no command "job list". Did you mean ls? Known: ls, get, apply, run, enable, disable, rm.'],
    ['config chekc', 'There is no command "config chekc". Did you mean check? Known: check, show.'],
    ['job ls --jsno', 'natsjob job ls has no flag --jsno. Did you mean --json?'],
    ['serve --http-prot 1', 'natsjob serve has no flag --http-prot. Did you mean --http-port?'],
    ['serve --NATSJOB_HTTP_PROT=1', 'natsjob serve has no flag --NATSJOB_HTTP_PROT. Did you mean --NATSJOB_HTTP_PORT?'],
    ['job ls -x', 'natsjob job ls has no flag -x.'],
    ['job ls --json=yes', '--json takes no value.'],
    ['job ls --limit', '--limit needs a value: N.'],
    ['--http-port', '--http-port needs a value.'],
    ['--http-port --json', '--http-port needs a value.'],
    ['job get', 'natsjob job get needs <namespace.app.name>.'],
    ['job get a b', 'natsjob job get does not know what to do with "b".'],
    ['serve now', 'natsjob serve does not know what to do with "now".'],
  ])('%s is refused with what is meant', (line, sentence) => {
    const act = (): unknown => parse(line);
    expect(act).toThrow(UsageError);
    expect(act).toThrow(sentence.startsWith('There is no command "job list"') ? 'There is no command "job list".' : sentence);
  });

  it('has examples that parse, for every command', () => {
    for (const { name, examples } of COMMANDS) {
      expect(examples.length, name).toBeGreaterThan(1);
      for (const example of examples) {
        const words = [...example.replace(/^(?:NATSJOB_\S+ )*/, '').split('|').at(-1)!.trim().matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
        expect(words.shift()).toBe('natsjob');
        expect(() => parseCommandLine(words, COMMANDS), example).not.toThrow();
      }
    }
  });
});
