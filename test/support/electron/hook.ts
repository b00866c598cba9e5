// Runs the built main process as Electron does: where that asks for electron, it gets the stand-in, which is ready once the
// module has been run to its end and no earlier. Takes orders from the test.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { electronStandIn } from './stand-in.ts';

const ADDRESS = 'natsjob-test:electron';
const NAMES = ['app', 'BrowserWindow', 'clipboard', 'crashReporter', 'dialog', 'ipcMain', 'Menu', 'nativeImage', 'nativeTheme', 'Notification', 'powerMonitor', 'powerSaveBlocker', 'session', 'shell', 'Tray', 'utilityProcess'];

let loaded = (): void => {};
const isLoaded = new Promise<void>((resolve) => { loaded = resolve; });
const standIn = electronStandIn({ readyAfter: isLoaded, folder: process.env['DESKTOP_TEST_FOLDER'] ?? '', onExit: (code) => process.exit(code) });
Object.assign(globalThis, { electronStandIn: standIn.electron });
registerHooks({
  resolve: (specifier, context, next) => (specifier === 'electron' ? { url: ADDRESS, shortCircuit: true } : next(specifier, context)),
  load: (url, context, next) =>
    url === ADDRESS
      ? { format: 'module', shortCircuit: true, source: `export const { ${NAMES.join(', ')} } = globalThis.electronStandIn;` }
      : next(url, context),
});

standIn.app.on('web-contents-created', (_event, contents: { on(name: string, listener: () => void): void; getURL(): string }) => {
  contents.on('did-finish-load', () => process.send?.({ shown: contents.getURL() }));
});
process.on('message', (order) => {
  if (order === 'quit') standIn.app.quit();
  if (order === 'fault') void Promise.reject(new Error('a fault of this test'));
});
process.on('disconnect', () => process.exit(1));

await import(pathToFileURL(process.argv[2] ?? '').href);
loaded();
