import { announcedUrl, type LoadedConfig } from '../../src-core/system/index.ts';

/**
 * Where the scheduler is expected: `--url`, else what the one in the data folder announced, else host and port of the settings.
 * A port that was chosen on purpose beats the announcement.
 */
export function schedulerUrl(url: string | undefined, { config, sources }: LoadedConfig): string {
  if (url !== undefined) return url.replace(/\/+$/, '');
  const chosen = config.httpPort !== 0 && (sources.httpPort.kind === 'flag' || sources.httpPort.kind === 'environment');
  return (chosen ? undefined : announcedUrl(config.dataDir)) ?? reachableUrl(config.httpHost, config.httpPort);
}

/** An address that opens for everybody is reached by the loopback one. */
export function reachableUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
