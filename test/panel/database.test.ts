import { expect, test } from 'vitest';
import { formatDatabaseUrl } from '../../src-core/system/index.ts';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { hasPostgres, startPostgres } from '../support/postgres.ts';
import { startProgram } from '../support/program.ts';

test.skipIf(findChromium() === undefined || !hasPostgres())('a database on a server is named, and backed up there', async () => {
  await using server = await startPostgres();
  const database = await server.fresh();
  await using program = await startProgram({ env: { NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL: formatDatabaseUrl(database) } });
  await using browser = await openBrowser();
  await using panel = await openPanel(browser, program);
  const { page } = panel;
  await panel.open('/settings?tab=database');
  await page.getByText(/^PostgreSQL \d+/).waitFor();
  await page.getByText(`postgres://natsjob@127.0.0.1:${server.port}/${database.database}`).waitFor();
  await page.getByText('This database is on a server: back it up there').waitFor();
  await panel.loaded();
  await expect.poll(() => page.getByRole('button', { name: 'Back up now' }).count()).toBe(0);
  await expect.poll(() => page.getByText('Write-ahead log').count()).toBe(0);
  expect(panel.faults).toEqual([]);
});
