import path from 'node:path';
import { redactUrl } from '../log/redact.ts';
import { ConfigError } from './config-error.ts';
import { databaseSettings, type DatabaseSettings, type DatabaseValues } from './database-settings.ts';
import { maskDatabaseUrl } from './mask-database-url.ts';
import { didYouMean } from './nearest.ts';
import { NotAllowed } from './not-allowed.ts';
import type { ParseContext } from './parsers.ts';
import { readConfigText } from './read-file.ts';
import type { GivenFlag } from './read-flags.ts';
import { RETIRED_NAMES, SETTINGS, SETTING_LIST, type Setting, type SettingKey, type SettingValues } from './settings.ts';

/** All settings, parsed; deep-frozen. */
export interface Config extends SettingValues {
  /** The password is the one in the manual, known to everybody: good from this machine only. */
  readonly isDefaultPassword: boolean;
  /** What the settings of the database come to; holds its password. */
  readonly database: DatabaseSettings;
}

export type SourceKind = 'environment' | 'flag' | 'file' | 'default';

export interface SettingSource {
  readonly kind: SourceKind;
  /** Where exactly, as a person would look for it: variable, flag or file:line. */
  readonly where: string;
  /** The value as it may be shown: secrets masked. */
  readonly shown: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly sources: Readonly<Record<SettingKey, SettingSource>>;
  /** Sentences worth saying at the start: sources that disagree, values that are not heeded. */
  readonly notes: readonly string[];
  /** Absolute path of config.yaml, and whether it is there. */
  readonly file: { readonly path: string; readonly found: boolean };
}

export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly GivenFlag[];
  readonly cwd: string;
  readonly systemTimezone: string;
  /** Whole file as text; throws as node:fs does. */
  readFile(path: string): string;
}

/** Keys that stood in the Go natsjob's manual and program: whoever signs with one of them signs with a public key. */
const PUBLIC_SECRET_KEYS: readonly string[] = ['8ac09b95b7734ddfb0e76817c6sqqsss', '******'];

interface Candidate {
  readonly kind: SourceKind;
  readonly where: string;
  readonly text: string;
}

/**
 * Reads all sources into one value. Environment beats flag beats file beats default; an empty variable or file value counts as absent.
 * Throws ConfigError with every problem found, also with values that another source overrules. Writes nothing.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const problems: string[] = [];
  const notes: string[] = [];
  const found = new Map<string, Candidate[]>();
  fromEnvironment(input.env, found, problems, notes);
  fromFlags(input.flags, found, notes);
  const confDir = confDirOf(found, input.cwd);
  const file = fromFile(path.join(confDir, 'config.yaml'), input, found, problems, notes);
  const databaseType = found.get(SETTINGS.dbType.name)?.[0]?.text ?? SETTINGS.dbType.default;
  const context: ParseContext = { cwd: input.cwd, systemTimezone: input.systemTimezone, databaseType };

  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  for (const setting of SETTING_LIST) {
    const candidates = resolveSecretFiles(setting, found, input, problems);
    if (setting.key === 'secretKey') dropPublicKeys(candidates, notes);
    const chosen = candidates[0] ?? { kind: 'default', where: 'default', text: setting.default };
    noteDisagreement(setting, candidates, notes);
    sources[setting.key] = { kind: chosen.kind, where: chosen.where, shown: mask(setting, chosen.text) };
    values[setting.key] = parse(setting, chosen, context, problems);
    // A mistake is one also where another source wins: it would come to light when that one goes.
    for (const other of candidates.slice(1)) parse(setting, other, { ...context, databaseType: databaseTypeOf(other.kind, found) ?? databaseType }, problems);
  }
  const database = problems.length > 0 ? undefined : joinDatabase(values as unknown as DatabaseValues, input.cwd, problems, notes);
  if (problems.length > 0) throw new ConfigError(problems);
  const config = Object.freeze({ ...values, isDefaultPassword: values['loginPwd'] === SETTINGS.loginPwd.default, database }) as Config;
  return { config, sources: Object.freeze(sources) as LoadedConfig['sources'], notes, file };
}

function parse(setting: Setting, candidate: Candidate, context: ParseContext, problems: string[]): unknown {
  try {
    return setting.parse(candidate.text, context);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    problems.push(`${sentenceStart(candidate, setting.name)} ${error.message}${quote(setting, candidate.text)}.`);
    return undefined;
  }
}

/** Each setting of the database is good by itself; this is whether they fit. */
function joinDatabase(values: DatabaseValues, cwd: string, problems: string[], notes: string[]): DatabaseSettings | undefined {
  try {
    const joined = databaseSettings(values, cwd);
    notes.push(...joined.notes);
    return deepFreeze(joined.database);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    problems.push(`${error.message}.`);
    return undefined;
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value)) if (typeof each === 'object' && each !== null) deepFreeze(each);
  return Object.freeze(value);
}

/** What the source itself says: its address of the database belongs to that, whatever wins. */
function databaseTypeOf(kind: SourceKind, found: ReadonlyMap<string, Candidate[]>): string | undefined {
  return found.get(SETTINGS.dbType.name)?.find((candidate) => candidate.kind === kind)?.text;
}

/** The value as it may be shown to anybody. */
export function mask(setting: Pick<Setting, 'secret'>, text: string): string {
  if (setting.secret === 'whole') return text === '' ? '' : '******';
  if (setting.secret === 'database') return maskDatabaseUrl(text);
  return setting.secret === 'url' ? redactUrl(text) : text;
}

function fromEnvironment(env: ConfigInput['env'], found: Map<string, Candidate[]>, problems: string[], notes: string[]): void {
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('NATSJOB_') || text === undefined || text === '') continue;
    if (isFromKubernetes(name, text)) continue;
    if (RETIRED_NAMES.includes(name)) notes.push(`Environment ${name}: has no meaning in this version and is not heeded.`);
    else if (!isKnown(name)) problems.push(`Environment ${name}: there is no such setting.${didYouMean(name, knownNames())}`);
    else add(found, name, { kind: 'environment', where: `environment ${name}`, text });
  }
}

/** Kubernetes puts NATSJOB_PORT=tcp://… and the like into every pod beside a service called natsjob or natsjob-something. */
function isFromKubernetes(name: string, text: string): boolean {
  return /_SERVICE_(HOST|PORT(_.+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text));
}

function fromFlags(flags: readonly GivenFlag[], found: Map<string, Candidate[]>, notes: string[]): void {
  // As most programs do: of a flag given twice the last one counts.
  const last = new Map(flags.map((flag) => [flag.name, flag]));
  for (const { name, shown, value } of last.values()) {
    add(found, name, { kind: 'flag', where: `flag ${shown}`, text: value });
    const secret = SETTING_LIST.find((setting) => setting.name === name)?.secret;
    if (secret === 'whole') notes.push(`Flag ${shown}: a secret on the command line can be seen by every user of this machine; ${name}_FILE=<path> keeps it out of sight.`);
  }
}

function fromFile(file: string, input: ConfigInput, found: Map<string, Candidate[]>, problems: string[], notes: string[]): { path: string; found: boolean } {
  let text: string;
  try {
    text = input.readFile(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') problems.push(`File ${file}: cannot be read (${codeOf(error)}).`);
    return { path: file, found: false };
  }
  const shown = path.relative(input.cwd, file) || file;
  const content = readConfigText(text);
  for (const { line, message } of content.problems) problems.push(`File ${shown}:${line}: ${message}.`);
  const lines = new Map<string, number>();
  for (const { name, line, value } of content.entries) {
    const where = `${shown}:${line}`;
    const earlier = lines.get(name);
    lines.set(name, line);
    if (earlier !== undefined) problems.push(`File ${where} ${name}: stands in line ${earlier} already.`);
    else if (RETIRED_NAMES.includes(name)) notes.push(`File ${where} ${name}: has no meaning in this version and is not heeded.`);
    else if (!isKnown(name)) problems.push(`File ${where} ${name}: there is no such setting.${didYouMean(name, knownNames())}`);
    else if (name === SETTINGS.confDir.name) notes.push(`File ${where} ${name}: the file cannot say where the file is; not heeded.`);
    else if (value !== undefined && value !== '') add(found, name, { kind: 'file', where, text: value });
  }
  return { path: file, found: true };
}

/** Candidates of a setting, best first, with those of NAME_FILE read from where they point. */
function resolveSecretFiles(setting: Setting, found: Map<string, Candidate[]>, input: ConfigInput, problems: string[]): Candidate[] {
  const plain = found.get(setting.name) ?? [];
  if (!setting.secret) return plain;
  const all = [...plain];
  for (const pointer of found.get(`${setting.name}_FILE`) ?? []) {
    const name = `${setting.name}_FILE`;
    if (plain.some((candidate) => candidate.kind === pointer.kind)) {
      problems.push(`${sentenceStart(pointer, name)} is given together with ${setting.name}; only one of the two is allowed.`);
      continue;
    }
    try {
      const text = input.readFile(path.resolve(input.cwd, pointer.text)).replace(/\r?\n$/, '');
      if (text === '') problems.push(`${sentenceStart(pointer, name)} names an empty file.`);
      else all.push({ ...pointer, text });
    } catch (error) {
      problems.push(`${sentenceStart(pointer, name)} names a file that cannot be read (${codeOf(error)}).`);
    }
  }
  return all.sort((a, b) => RANK[a.kind] - RANK[b.kind]);
}

const RANK: Readonly<Record<SourceKind, number>> = { environment: 0, flag: 1, file: 2, default: 3 };

function dropPublicKeys(candidates: Candidate[], notes: string[]): void {
  for (let index = candidates.length - 1; index >= 0; index--) {
    const candidate = candidates[index];
    if (candidate === undefined) continue;
    if (PUBLIC_SECRET_KEYS.includes(candidate.text)) {
      notes.push(`${sentenceStart(candidate, SETTINGS.secretKey.name)} is the key that every copy of the Go natsjob has, so it is refused; the key made for this installation is used.`);
      candidates.splice(index, 1);
    } else if (candidate.text.length < 16) {
      notes.push(`${sentenceStart(candidate, SETTINGS.secretKey.name)} is short for a key; 32 random characters are better.`);
    }
  }
}

/** A file that repeats the default says nothing, so it does not disagree. */
function noteDisagreement(setting: Setting, candidates: readonly Candidate[], notes: string[]): void {
  const [chosen, ...others] = candidates;
  if (!chosen) return;
  const differing = others.filter((other) => other.text !== chosen.text && !(other.kind === 'file' && other.text === setting.default));
  if (differing.length === 0) return;
  const says = ({ where, text }: Candidate): string => `${where} (${mask(setting, text)})`;
  notes.push(`${setting.name}: ${says(chosen)} is used, not ${differing.map(says).join(' nor ')}.`);
}

function sentenceStart({ kind, where }: Candidate, name: string): string {
  if (kind === 'environment') return `Environment ${name}:`;
  if (kind === 'flag') return `Flag ${where.slice('flag '.length)}:`;
  return kind === 'file' ? `File ${where} ${name}:` : `Default of ${name}:`;
}

function quote(setting: Setting, text: string): string {
  if (setting.secret) return '';
  // Control codes would act on the terminal that shows the sentence.
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD');
  return `, not "${clean.length > 60 ? `${clean.slice(0, 60)}…` : clean}"`;
}

/** The folder is needed before the file is read; a bad value is reported with all the others later. */
function confDirOf(found: Map<string, Candidate[]>, cwd: string): string {
  const text = found.get(SETTINGS.confDir.name)?.[0]?.text ?? SETTINGS.confDir.default;
  return path.resolve(cwd, text.replaceAll('\0', '') || SETTINGS.confDir.default);
}

function add(found: Map<string, Candidate[]>, name: string, candidate: Candidate): void {
  const list = found.get(name);
  if (list) list.push(candidate);
  else found.set(name, [candidate]);
}

function isKnown(name: string): boolean {
  return KNOWN.has(name);
}

function knownNames(): string[] {
  return SETTING_LIST.map((setting) => setting.name);
}

const KNOWN: ReadonlySet<string> = new Set(SETTING_LIST.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
