import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel, type Language } from '../support/browser.ts';
import { SCREENS } from '../support/screens.ts';
import { GIVEN_TEXTS, openShowcase, type Showcase } from '../support/showcase.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

const chromium = findChromium();

describe.skipIf(chromium === undefined)('every screen', () => {
  let showcase: Showcase;
  let browser: Browser;

  beforeAll(async () => {
    showcase = await openShowcase(Date.now());
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await showcase[Symbol.asyncDispose]();
  });

  const cases = (['en', 'zh-CN'] as const).flatMap((language) => (['light', 'dark'] as const).flatMap((theme) => [1280, 390].map((width) => ({ language, theme, width }))));

  test.each(cases)('breaks no rule of accessibility in $language, $theme, $width px', async ({ language, theme, width }) => {
    await using panel = await openPanel(browser, showcase.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    const found: string[] = [];
    for (const screen of SCREENS) {
      await panel.open(screen.path(showcase));
      await panel.loaded();
      await screen.act?.(page);
      for (const finding of await violations(page)) found.push(describeFinding(screen.name, finding));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) found.push(`${screen.name}: ${overflow} px wider than the window`);
    }
    expect(found).toEqual([]);
    expect(panel.faults).toEqual([]);
  });

  test('the login page breaks none either', async () => {
    for (const { language, theme, width } of cases) {
      await using panel = await openPanel(browser, showcase.program, { language, theme, width, bypassPolicy: true, loggedIn: false });
      await panel.page.goto(`${showcase.program.url}/`);
      await panel.page.locator('input[type=password]').waitFor();
      expect((await violations(panel.page)).map((finding) => describeFinding(`login ${language} ${theme} ${width}`, finding))).toEqual([]);
    }
  });

  test.each([
    { what: 'a window of 320 px', width: 320, fontSize: '' },
    { what: 'texts twice as large', width: 1280, fontSize: '28px' },
  ])('fits $what', async ({ width, fontSize }) => {
    await using panel = await openPanel(browser, showcase.program, { width });
    const { page } = panel;
    await panel.open('/settings');
    await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, fontSize);
    const found: string[] = [];
    for (const screen of SCREENS) {
      await panel.open(screen.path(showcase));
      await panel.loaded();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) found.push(`${screen.name}: ${overflow} px wider than the window`);
    }
    expect(found).toEqual([]);
  });

  test.each(['en', 'zh-CN'] as const)('speaks %s only', async (language) => {
    await using panel = await openPanel(browser, showcase.program, { language });
    const { page } = panel;
    const found: string[] = [];
    for (const screen of SCREENS) {
      await panel.open(screen.path(showcase));
      await panel.loaded();
      for (const text of await ownTexts(page)) if (!GIVEN_TEXTS.has(text) && isForeign(text, language)) found.push(`${screen.name}: ${text}`);
    }
    expect(found).toEqual([]);
  });
});

async function violations(page: Page): Promise<readonly Finding[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as { axe: { run(root: unknown, options: object): Promise<{ violations: readonly Finding[] }> } };
    return (await axe.run(document, { runOnly: rules, resultTypes: ['violations'] })).violations;
  }, RULES) as Promise<readonly Finding[]>;
}

function describeFinding(where: string, { id, nodes }: Finding): string {
  return `${where}: ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.replaceAll('\n', ' ').slice(0, 200)}`).join(' | ')}`;
}

/** Texts of the panel itself: not names and texts of jobs, not code. */
function ownTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const texts: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = (node.textContent ?? '').trim();
      if (text !== '' && parent !== null && parent.closest('script, style, noscript, pre, code, textarea, option, [lang]:not(html), .font-mono') === null) texts.push(text);
    }
    return texts;
  });
}

/** In English no Chinese but the name of the language; in Chinese no sentence of four or more English words. */
function isForeign(text: string, language: Language): boolean {
  if (language === 'en') return /[\u4e00-\u9fff]/.test(text) && text !== '简体中文';
  return /(?:\b[A-Za-z]{2,}\b[ ,]+){4,}/.test(text);
}
