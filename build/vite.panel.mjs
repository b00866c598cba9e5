// Vite settings of the panel: what a browser loads from dist/panel, relative to its page.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';

const COMPRESSED = /\.(js|css|html|svg|json)$/;

/**
 * Few files instead of one for each module that two pages share: each is packed by itself, so small ones pack badly.
 * The frame with the overview and all that pages are made of; what people do all day; the rest. Login and wizard can come first, so they stay apart.
 */
const CHUNKS = [
  { name: 'vendor', test: /node_modules\// },
  { name: 'frame', test: /src-renderer\/(main\.ts|App\.svelte|(api|charts|lib|parts|shell|snippets|state|ui|pages\/overview)\/)/ },
  { name: 'jobs', test: /src-renderer\/pages\/(daily\.ts|(editor|job|jobs|run|runs)\/)/ },
  { name: 'places', test: /src-renderer\/pages\/(further\.ts|(calendar|places|servers|settings|tester|workers)\/)/ },
];

/** Icons are drawn by a component of ours instead of the library's, which can do more than is wanted. */
const OWN_ICON = {
  name: 'own-icon',
  enforce: 'pre',
  resolveId(source, importer) {
    if (source !== '../Icon.svelte' || !importer?.includes('/@lucide/svelte/')) return undefined;
    return fileURLToPath(new URL('../src-renderer/ui/Icon.svelte', import.meta.url));
  },
  transform(code, id) {
    return id.includes('/@lucide/svelte/') ? { code: code.replace(/"name": "[^"]*", "size": 24, /, ''), map: null } : undefined;
  },
};

/**
 * The page is never drawn by the server: without what takes such a page over, Svelte is smaller, and so is every component,
 * which tells it where it is after each element. Svelte has no setting for that.
 */
const NO_HYDRATION = {
  name: 'no-hydration',
  enforce: 'post',
  transform(code, id) {
    if (id.endsWith('.svelte')) return { code: code.replace(/^\s*\$\.(reset|next)\(\w*\);$/gm, ''), map: null };
    if (!id.endsWith('/svelte/src/internal/client/dom/hydration.js')) return undefined;
    const never = code.replace('export let hydrating = false;', 'export const hydrating = false;').replace('\thydrating = value;', '');
    if (/\bhydrating = value|let hydrating/.test(never)) throw new Error('Svelte has changed how it takes a page over: look again at what NO_HYDRATION takes out.');
    return { code: never, map: null };
  },
};

/** `outDir`: where to; emptied first. */
export function panelBundle({ root, outDir }) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  return {
    root: path.join(root, 'src-renderer'),
    base: './',
    configFile: false,
    logLevel: 'warn',
    define: { __NATSJOB_VERSION__: JSON.stringify(version) },
    plugins: [OWN_ICON, NO_HYDRATION, tailwindcss(), svelte({ configFile: false, preprocess: vitePreprocess({ script: false }) })],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      cssCodeSplit: false,
      reportCompressedSize: false,
      // Inline data would need more room in the content policy than it saves.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { output: { codeSplitting: { groups: CHUNKS } } },
    },
  };
}

/** Puts a .br and a .gz beside each text file, so that the server never compresses. */
export async function compressPanel(folder) {
  const brotli = promisify(brotliCompress);
  const zip = promisify(gzip);
  const files = readdirSync(folder, { recursive: true }).map(String).filter((name) => COMPRESSED.test(name));
  await Promise.all(files.map(async (name) => {
    const file = path.join(folder, name);
    const text = readFileSync(file);
    writeFileSync(`${file}.br`, await brotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length } }));
    writeFileSync(`${file}.gz`, await zip(text, { level: 9 }));
  }));
}
