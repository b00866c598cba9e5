import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Axe {
  run(options: object): Promise<{ violations: readonly { id: string; help: string; nodes: readonly { html: string; failureSummary?: string }[] }[] }>;
}

/** What axe finds wrong on the page as it is now, a line each; empty is the only good value. The panel must be open with `bypassPolicy`. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ content: SOURCE });
  return page.evaluate(async (tags) => {
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({ runOnly: { type: 'tag', values: tags } });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary ?? ''}`));
  }, TAGS);
}
