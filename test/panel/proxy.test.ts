import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { startProgram, type TestProgram } from '../support/program.ts';

/** As the users of the Go natsjob have it: the API as it is, the pages with the prefix stripped, no WebSocket. */
const LEGACY = `
  location /natsjob/api {
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Host $http_host;
    proxy_pass http://natsjobweb$request_uri;
  }
  location /natsjob/ {
    proxy_pass http://natsjobweb/;
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
  }`;
const UPGRADE = 'proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
const CASES = [
  { name: 'the legacy configuration', at: '/natsjob/', locations: LEGACY, live: 'polling' },
  { name: 'one that strips /natsjob/ from everything', at: '/natsjob/', locations: `location /natsjob/ { ${UPGRADE} proxy_pass http://natsjobweb/; }`, live: 'live' },
  { name: 'one that strips a longer prefix', at: '/ops/jobs/', locations: `location /ops/jobs/ { ${UPGRADE} proxy_pass http://natsjobweb/; }`, live: 'live' },
  { name: 'one without a prefix', at: '/', locations: `location / { ${UPGRADE} proxy_pass http://natsjobweb; }`, live: 'live' },
];

const ready = findChromium() !== undefined && hasNginx();

describe.skipIf(!ready)('the panel behind nginx', () => {
  let program: TestProgram;
  let browser: Browser;

  beforeAll(async () => {
    program = await startProgram();
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await program.stop();
  });

  test.each(CASES)('works with $name', async ({ at, locations, live }) => {
    await using nginx = await startNginx(program.url, locations);
    await using panel = await openPanel(browser, program, { base: nginx.url + at, loggedIn: false });
    const { page } = panel;
    await page.goto(`${nginx.url}${at}#/servers`);
    await page.locator('input[autocomplete=username]').fill('tester');
    await page.locator('input[type=password]').fill('a password of this test');
    await page.locator('button[type=submit]').click();
    await page.getByRole('heading', { name: 'Servers', level: 1 }).waitFor();
    await page.locator(`[data-live=${live}]`).waitFor();
    await expect.poll(() => page.locator('[data-banner=stale]').count()).toBe(0);
    expect(panel.faults).toEqual([]);
  });
});
