import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemoteDatabase } from '../../src-core/ports/index.ts';
import { plain } from '../../src-core/sql/remote/dialect.ts';
import { makeCertificates, type Certificates } from '../support/certificates.ts';
import { remove, serverFolder, type DatabaseServer } from '../support/database-server.ts';
import { patiently } from '../support/patiently.ts';
import { openRemote, PRODUCTS } from '../support/remote-products.ts';
import { aBatch } from '../support/store-rows.ts';
import { recordingLog } from '../support/store-sqlite.ts';

const NAME = 'db.test';
const GOLDEN = { PostgreSQL: 'schema-postgres.sql', MariaDB: 'schema-mysql.sql' } as Readonly<Record<string, string>>;
/** What a server of ours is asked whether the line is encrypted. */
const IS_SECURE = {
  PostgreSQL: 'select case when ssl then 1 else 0 end from pg_stat_ssl where pid = pg_backend_pid()',
  MariaDB: 'select case when variable_value = \'\' then 0 else 1 end from information_schema.session_status where variable_name = \'Ssl_cipher\'',
} as Readonly<Record<string, string>>;

for (const { name, isThere, start, dump, dialect } of PRODUCTS) {
  describe.skipIf(!isThere)(`${name}`, () => {
    let folder: string;
    let certificates: Certificates;
    let server: DatabaseServer;
    let plainServer: DatabaseServer;
    beforeAll(async () => {
      folder = serverFolder('certificates');
      certificates = makeCertificates(folder, NAME);
      [server, plainServer] = await Promise.all([start({ tls: certificates }), start()]);
    });
    afterAll(async () => {
      await Promise.all([server, plainServer].map((one: DatabaseServer | undefined) => one?.stop()));
      remove(folder);
    });

    it('has the tables of its schema snapshot', async () => {
      const database = await server.fresh();
      const store = openRemote(database);
      await patiently(() => store.apply(aBatch({})));
      await store.close();
      await expect(dump(server, database.database)).toMatchFileSnapshot(`../golden/${GOLDEN[name]}`);
    });

    async function isSecure(on: DatabaseServer, tls: RemoteDatabase['tls']): Promise<boolean> {
      const database = { ...await on.fresh(), tls };
      const connection = await dialect().connect({ database, log: recordingLog([]), answerMs: 60_000 }, 'read');
      const [answer] = await connection.run([plain(IS_SECURE[name]!)]);
      await connection.close();
      return Number(answer?.rows[0]?.[0]) === 1;
    }
    async function refusal(on: DatabaseServer, tls: RemoteDatabase['tls']): Promise<string> {
      const store = openRemote({ ...await on.fresh(), tls });
      try {
        return await store.probe().then(() => 'let in', (error: Error) => `${error.name}: ${error.message}`);
      } finally {
        await store.close();
      }
    }

    it('is spoken to in TLS as far as asked', async () => {
      const { ca } = certificates;
      expect(await isSecure(server, { mode: 'off' })).toBe(false);
      expect(await isSecure(server, { mode: 'prefer' })).toBe(true);
      expect(await isSecure(server, { mode: 'require' })).toBe(true);
      expect(await isSecure(server, { mode: 'require', ca })).toBe(true);
      expect(await isSecure(server, { mode: 'verify', ca, serverName: NAME })).toBe(true);
      expect(await isSecure(plainServer, { mode: 'prefer' })).toBe(false);
    });

    it('is refused when it cannot show who it is, or speaks no TLS', async () => {
      const { ca } = certificates;
      const otherFolder = serverFolder('other-ca');
      const other = makeCertificates(otherFolder, NAME).ca;
      const refused = /^UnavailableError: .*does not let natsjob in: check user, password, TLS/;
      expect(await refusal(plainServer, { mode: 'require' })).toMatch(refused);
      expect(await refusal(server, { mode: 'require', ca: other })).toMatch(refused);
      expect(await refusal(server, { mode: 'verify', ca: other, serverName: NAME })).toMatch(refused);
      expect(await refusal(server, { mode: 'verify', ca, serverName: 'another.test' })).toMatch(refused);
      expect(await refusal(server, { mode: 'verify', serverName: NAME })).toMatch(refused);
      expect(await refusal(server, { mode: 'verify', ca: '/nowhere/ca.pem', serverName: NAME })).toMatch(/^UnavailableError: The CA file for the database, \/nowhere\/ca\.pem, cannot be read/);
      remove(otherFolder);
    });
  });
}
