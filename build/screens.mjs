// npm run screens: takes the pictures of docs/screens, every screen in both languages and themes, from a program with a made-up past.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPanel } from '../test/support/browser.ts';
import { SCREENS } from '../test/support/screens.ts';
import { openShowcase } from '../test/support/showcase.ts';

const FOLDER = fileURLToPath(new URL('../docs/screens', import.meta.url));
const QUALITY = 55;

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const showcase = await openShowcase(Date.now());
const browser = await openBrowser();
let bytes = 0;
try {
  for (const language of ['en', 'zh-CN']) {
    for (const theme of ['light', 'dark']) {
      const panel = await openPanel(browser, showcase.program, { language, theme });
      for (const screen of SCREENS) {
        await panel.open(screen.path(showcase));
        await panel.loaded();
        await take(panel, `${screen.name}-${language}-${theme}`);
      }
      await panel[Symbol.asyncDispose]();
      const login = await openPanel(browser, showcase.program, { language, theme, loggedIn: false });
      await login.page.goto(`${showcase.program.url}/`);
      await login.page.locator('input[type=password]').waitFor();
      await take(login, `login-${language}-${theme}`);
      await login[Symbol.asyncDispose]();
    }
  }
} finally {
  await browser.close();
  await showcase[Symbol.asyncDispose]();
}
process.stdout.write(`${(bytes / 1e6).toFixed(2)} MB in docs/screens\n`);

async function take({ page, context }, name) {
  const devtools = await context.newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  await devtools.detach();
  const picture = Buffer.from(data, 'base64');
  bytes += picture.length;
  writeFileSync(path.join(FOLDER, `${name}.webp`), picture);
}
