import { urlOf } from '../api/client.ts';
import { watchSubjectOf, type Addressed } from './subjects.ts';

/** Lines for a shell. The token is not in them: they end up in chats and tickets. */

/** A call of the API; `body` undefined = none. Reads the token from $NATSJOB_TOKEN. */
export function curlOf(method: string, path: string, body?: unknown): string {
  const lines = [`curl -sS -X ${method} ${quote(urlOf(path).href)}`, '  -H "Authorization: Bearer $NATSJOB_TOKEN"'];
  if (body !== undefined) lines.push("  -H 'Content-Type: application/json'", `  -d ${quote(JSON.stringify(body))}`);
  return lines.join(' \\\n');
}

/** Runs the job now; args undefined = its own. */
export function curlRunOf(job: Pick<Addressed, 'namespace' | 'app' | 'name'>, args?: unknown): string {
  return curlOf('POST', `jobs/${keyOf(job)}/run`, { ...(args === undefined ? {} : { args }), trigger: 'api' });
}

/** Shows every message that starts a run of the job. */
export function natsSubOf(job: Addressed): string {
  return `nats sub ${quote(watchSubjectOf(job))}`;
}

/** Sends a text to whoever listens, past the scheduler. */
export function natsPubOf(subject: string, text: string): string {
  return `nats pub ${quote(subject)} ${quote(text)}`;
}

/** `namespace.app.name`: how the API addresses a job. */
export function keyOf({ namespace, app, name }: Pick<Addressed, 'namespace' | 'app' | 'name'>): string {
  return `${namespace}.${app}.${name}`;
}

/** The address of a page of the panel as others can open it. */
export function pageUrlOf(href: string): string {
  return new URL(href, document.baseURI).href;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
