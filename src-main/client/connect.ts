import { CommandError, type CommandContext } from '../cli/command.ts';
import { ApiClient } from './api-client.ts';
import { schedulerUrl } from './scheduler-url.ts';

/** A client for the scheduler that the settings and `--url` point at. Sends nothing yet. */
export function connect({ options, load }: Pick<CommandContext, 'options' | 'load'>): ApiClient {
  const loaded = load();
  const url = schedulerUrl(options.get('url'), loaded);
  if (!/^https?:\/\/[^/\s]+/i.test(url) || !URL.canParse(url)) throw new CommandError(`--url must be like http://127.0.0.1:7788, not "${url}".`, 2);
  return new ApiClient(url, loaded.config.loginUser, loaded.config.loginPwd);
}
