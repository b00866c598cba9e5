import { AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError, StaleVersionError } from '../../domain/errors.ts';
import { readNamed } from '../../domain/job-input.ts';
import type { AppDefinition, NamespaceDefinition } from '../../domain/job.ts';
import { DEFAULT_NAMESPACE } from '../../domain/names.ts';
import type { AppApi, DefinitionApi, NamespaceView } from '../../ports/index.ts';
import { appKey, namespaceKey } from '../../wire/index.ts';
import { encodeDefinition } from '../definition-codec.ts';
import type { WriterParts } from './definition-writer.ts';
import { refuseIfUsed } from './definition-writer.ts';

/** `view` answers once the database is read, `parts` once the log is: reads do not need NATS. */
export function namespaceApi(view: () => WriterParts, parts: () => WriterParts): DefinitionApi<NamespaceView> {
  return {
    async list({ limit, after }) {
      return pageOf([...view().jobs.namespaces.values()], (view) => view.name, limit, after);
    },
    async get(name) {
      return found(view().jobs.namespaces.get(name), 'namespace', name);
    },
    async create(input) {
      const { name, description } = readNamed(input);
      const now = parts().now();
      return put(parts(), 'namespace', namespaceKey(name), { name, description: description ?? '', createdAt: now, updatedAt: now }, 0);
    },
    async update(name, patch, version) {
      const old = found(parts().jobs.namespaces.get(name), 'namespace', name);
      const { description } = readNamed(patch, name);
      const { version: current, ...rest } = old;
      if (version !== current) throw new StaleVersionError(name, current);
      return put(parts(), 'namespace', namespaceKey(name), { ...rest, description: description ?? old.description, updatedAt: parts().now() }, version);
    },
    async remove(name, version) {
      const { jobs } = parts();
      found(jobs.namespaces.get(name), 'namespace', name);
      if (name === DEFAULT_NAMESPACE) throw new ConflictError(`The namespace "${DEFAULT_NAMESPACE}" always exists and cannot be deleted.`);
      refuseIfUsed('namespace', name, count(jobs.apps.values(), (app) => app.namespace === name), 'apps');
      await remove(parts(), namespaceKey(name), name, version);
    },
  };
}

export function appApi(view: () => WriterParts, parts: () => WriterParts): AppApi {
  const mustExist = (namespace: string): void => void found(view().jobs.namespaces.get(namespace), 'namespace', namespace);
  return {
    async list(namespace, { limit, after }) {
      mustExist(namespace);
      return pageOf([...view().jobs.apps.values()].filter((app) => app.namespace === namespace), (view) => view.name, limit, after);
    },
    async get(namespace, name) {
      return found(view().jobs.apps.get(`${namespace}.${name}`), 'app', `${namespace}.${name}`);
    },
    async create(namespace, input) {
      mustExist(namespace);
      const { name, description } = readNamed(withoutNamespace(input, namespace));
      const now = parts().now();
      return put(parts(), 'app', appKey(namespace, name), { namespace, name, description: description ?? '', createdAt: now, updatedAt: now }, 0);
    },
    async update(namespace, name, patch, version) {
      const old = found(parts().jobs.apps.get(`${namespace}.${name}`), 'app', `${namespace}.${name}`);
      const { description } = readNamed(withoutNamespace(patch, namespace), name);
      const { version: current, ...rest } = old;
      if (version !== current) throw new StaleVersionError(name, current);
      return put(parts(), 'app', appKey(namespace, name), { ...rest, description: description ?? old.description, updatedAt: parts().now() }, version);
    },
    async remove(namespace, name, version) {
      const { jobs } = parts();
      found(jobs.apps.get(`${namespace}.${name}`), 'app', `${namespace}.${name}`);
      refuseIfUsed('app', name, count(jobs.all(), ({ definition }) => definition.namespace === namespace && definition.app === name), 'jobs');
      await remove(parts(), appKey(namespace, name), name, version);
    },
  };
}

async function put<T extends NamespaceDefinition | AppDefinition>(parts: WriterParts, kind: string, key: string, value: T, version: number): Promise<T & { version: number }> {
  const revision = await parts.bucket.compareAndSet(key, encodeDefinition(value), version);
  if (revision === undefined) {
    if (version === 0) throw new AlreadyExistsError(kind, value.name);
    throw new StaleVersionError(value.name, version);
  }
  await parts.applied(revision);
  return { ...value, version: revision };
}

async function remove(parts: WriterParts, key: string, name: string, version: number): Promise<void> {
  if (!(await parts.bucket.compareAndDelete(key, version))) throw new StaleVersionError(name, version);
  await parts.caughtUp();
}

/** The address names the namespace; a body may repeat it, not contradict it. */
function withoutNamespace(input: unknown, namespace: string): unknown {
  if (typeof input !== 'object' || input === null || !('namespace' in input)) return input;
  const { namespace: given, ...rest } = input as Record<string, unknown>;
  if (given !== namespace) throw new InvalidInputError([{ field: 'namespace', message: `must be "${namespace}", as in the address` }]);
  return rest;
}

function found<T>(value: T | undefined, kind: string, key: string): T {
  if (value === undefined) throw new NotFoundError(kind, key);
  return value;
}

function count<T>(items: Iterable<T>, matches: (item: T) => boolean): number {
  let total = 0;
  for (const item of items) if (matches(item)) total++;
  return total;
}

function pageOf<T>(items: readonly T[], keyOf: (item: T) => string, limit: number, after: string | undefined): { items: readonly T[]; next: string | undefined } {
  const sorted = items.filter((item) => after === undefined || keyOf(item) > after).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const page = sorted.slice(0, limit);
  const last = page.at(-1);
  return { items: page, next: sorted.length > limit && last !== undefined ? keyOf(last) : undefined };
}
