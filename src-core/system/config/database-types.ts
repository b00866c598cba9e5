import type { DatabaseKind } from '../../ports/index.ts';

export type DatabaseType = 'sqlite' | DatabaseKind;

/** Every name a database goes by. Kingbase is meant in its PostgreSQL mode. */
const NAMES: Readonly<Record<string, DatabaseType>> = {
  sqlite: 'sqlite', mysql: 'mysql', mariadb: 'mysql', postgres: 'postgres', postgresql: 'postgres', kingbase: 'postgres', dm: 'dm', dameng: 'dm',
};

/** Undefined when nothing is called that. */
export function databaseTypeNamed(text: string): DatabaseType | undefined {
  const name = text.trim().toLowerCase();
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

export const DEFAULT_PORTS: Readonly<Record<DatabaseKind, number>> = { mysql: 3306, postgres: 5432, dm: 5236 };
