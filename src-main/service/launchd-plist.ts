import { serviceWords, withoutControlCharacters, type ServiceSpec } from './service-spec.ts';

type PlistValue = string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

/** launchd gives a program next to nothing of a shell's PATH; nats-server may have been put into one of these. */
const SEARCH_PATH = '/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * The property list. launchd cannot tell exit codes apart: whatever ends with another code than 0 is started again, ten
 * seconds after its last start. Throws CommandError for text that cannot be written.
 */
export function launchdPlist(spec: ServiceSpec): string {
  const { name, scope, account, dataDir } = spec;
  const output = outputFile(spec);
  return plist({
    Label: name,
    ProgramArguments: serviceWords(spec),
    WorkingDirectory: dataDir,
    EnvironmentVariables: { PATH: SEARCH_PATH },
    ...(scope === 'system' && account !== '' ? { UserName: account } : {}),
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    ExitTimeOut: 30,
    // Its timers would be bundled with others', and fires come late.
    ProcessType: 'Interactive',
    LegacyTimers: true,
    SoftResourceLimits: { NumberOfFiles: 8192 },
    Umask: 0o077,
    StandardOutPath: output,
    StandardErrorPath: output,
  });
}

/** What the program prints before its own log is open, and after. */
export function outputFile({ logDir, name }: Pick<ServiceSpec, 'logDir' | 'name'>): string {
  return `${logDir}/${name}.out.log`;
}

/** What a list of ours says about its data; undefined when it is none of ours. */
export function dataFolderOfPlist(text: string): string | undefined {
  const found = /<string>--data=([^<]*)<\/string>/.exec(text)?.[1];
  return found === undefined ? undefined : unescape(found);
}

function plist(value: PlistValue): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<!-- Written by "natsjob service install". Settings belong into config.yaml in the folder that conf names. -->',
    '<plist version="1.0">', ...lines(value, ''), '</plist>', '',
  ].join('\n');
}

function lines(value: PlistValue, indent: string): string[] {
  if (typeof value === 'string') return [`${indent}<string>${escape(value)}</string>`];
  if (typeof value === 'number') return [`${indent}<integer>${value}</integer>`];
  if (typeof value === 'boolean') return [`${indent}<${value}/>`];
  const inner = `${indent}  `;
  if (isList(value)) return [`${indent}<array>`, ...value.flatMap((item) => lines(item, inner)), `${indent}</array>`];
  return [`${indent}<dict>`, ...Object.entries(value).flatMap(([key, item]) => [`${inner}<key>${escape(key)}</key>`, ...lines(item, inner)]), `${indent}</dict>`];
}

/** Array.isArray does not tell a readonly array from an object. */
function isList(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

function escape(text: string): string {
  return withoutControlCharacters(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

function unescape(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (entity) => Object.keys(ENTITIES).find((char) => ENTITIES[char] === entity) ?? entity);
}
