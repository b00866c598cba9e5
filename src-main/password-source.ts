import type { LoadedConfig } from '../src-core/system/index.ts';

/**
 * The setting that gives the password, as a person would look for it; undefined when none does, so that one set while
 * running holds. The first config.yaml repeats the default: that is nobody's choice.
 */
export function passwordGivenBy({ config, sources: { loginPwd } }: Pick<LoadedConfig, 'config' | 'sources'>): string | undefined {
  if (loginPwd.kind === 'default' || (loginPwd.kind === 'file' && config.isDefaultPassword)) return undefined;
  return loginPwd.where;
}
