// npm run icons: draws every icon of the desktop console after the panel's icon into build/package/desktop/icons, with the system's Chromium.
// The results are in git, because packing must not need a browser.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openBrowser } from '../../../test/support/browser.ts';
import { toIcns, toIco } from './containers.mjs';
import { ICONS, SOURCE, fingerprintOfIcons } from './fingerprint.mjs';
import { TRAY_STATES, trayTemplate, trayTile, withMacMargin } from './shapes.mjs';

const browser = await openBrowser();
try {
  const page = await browser.newPage();
  rmSync(ICONS, { recursive: true, force: true });
  await drawProgram(page, readFileSync(SOURCE, 'utf8'));
  for (const state of Object.keys(TRAY_STATES)) await drawTray(page, state);
  save('drawn-from', `${fingerprintOfIcons()}\n`);
} finally {
  await browser.close();
}

async function drawProgram(page, svg) {
  const plain = await draw(page, svg, [16, 24, 32, 48, 64, 128, 256, 512]);
  const mac = await draw(page, withMacMargin(svg), [16, 32, 64, 128, 256, 512, 1024]);
  for (const { size, png } of plain) save(`linux/${size}x${size}.png`, png);
  save('icon.ico', toIco(plain.filter(({ size }) => size <= 256 && size !== 128)));
  save('icon.icns', toIcns(mac));
}

async function drawTray(page, state) {
  const tiles = await draw(page, trayTile(state), [16, 20, 24, 32, 48]);
  save(`tray/${state}.ico`, toIco(tiles));
  save(`tray/${state}.png`, tiles.find(({ size }) => size === 24).png);
  save(`tray/${state}@2x.png`, tiles.find(({ size }) => size === 48).png);
  const [plain, double] = await draw(page, trayTemplate(state), [16, 32]);
  save(`tray/${state}Template.png`, plain.png);
  save(`tray/${state}Template@2x.png`, double.png);
}

/** The picture in those sizes: `{ size, png, rgba }` each; the large ones are used as PNG only and have no `rgba`. */
async function draw(page, svg, sizes) {
  const drawn = await page.evaluate(async ({ svg, sizes }) => {
    const image = new Image();
    const made = [];
    for (const size of sizes) {
      image.src = `data:image/svg+xml;base64,${btoa(svg.replace('<svg ', `<svg width="${size}" height="${size}" `))}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = size;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(image, 0, 0, size, size);
      made.push({ size, png: canvas.toDataURL('image/png').split(',')[1], rgba: size < 256 ? [...context.getImageData(0, 0, size, size).data] : [] });
    }
    return made;
  }, { svg, sizes });
  return drawn.map(({ size, png, rgba }) => ({ size, png: Buffer.from(png, 'base64'), rgba: Buffer.from(rgba) }));
}

function save(name, content) {
  const file = path.join(ICONS, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
