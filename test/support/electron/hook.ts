// Loaded before the built main process: where that asks for electron, it gets the stand-in. Takes orders from the test.
import { registerHooks } from 'node:module';
import { electronStandIn } from './stand-in.ts';

const ADDRESS = 'natsjob-test:electron';
const NAMES = ['app', 'BrowserWindow', 'clipboard', 'crashReporter', 'dialog', 'ipcMain', 'Menu', 'nativeImage', 'nativeTheme', 'Notification', 'powerMonitor', 'powerSaveBlocker', 'session', 'shell', 'Tray', 'utilityProcess'];

const standIn = electronStandIn({ folder: process.env['DESKTOP_TEST_FOLDER'] ?? '', onExit: (code) => process.exit(code) });
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
