import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../folders/make-folders.ts';
import { SETTING_LIST, type Setting } from './settings.ts';

/**
 * Writes config.yaml with every setting explained, unless there is one. Returns 'written', 'kept', or a sentence why it could not be written;
 * that is no reason not to start.
 */
export function writeFirstConfig(confDir: string): 'written' | 'kept' | { readonly note: string } {
  const file = path.join(confDir, 'config.yaml');
  try {
    makeFolders(confDir);
    // It may come to hold passwords, so nobody else reads it from the start.
    writeFileSync(file, firstConfigText(), { flag: 'wx', mode: 0o600 });
    return 'written';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'EEXIST' ? 'kept' : { note: `${file} cannot be written (${code}); going on without it.` };
  }
}

/** The text of a fresh config.yaml. Settings of the manual are live lines, as the Go natsjob writes them; the rest is commented out. */
export function firstConfigText(): string {
  const head = [
    '# Settings of natsjob. The same names work in the environment and as flags (--NAME=value).',
    '# Environment beats flag beats this file. An empty value means the default.',
    '# natsjob 配置文件。优先级：环境变量 > 命令行 > 配置文件；留空 = 默认值。',
  ];
  return [...head, ...SETTING_LIST.filter((setting) => setting.key !== 'confDir').map(block)].join('\n') + '\n';
}

function block({ name, en, zh, default: fallback, inFirstFile }: Setting): string {
  return `\n# ${en}\n# ${zh}\n${inFirstFile ? '' : '# '}${name}: ${JSON.stringify(fallback)}`;
}
