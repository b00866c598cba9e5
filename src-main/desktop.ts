// The desktop console's main process.
import * as electron from 'electron';
import path from 'node:path';

const { app, BrowserWindow, utilityProcess } = electron;
await app.whenReady();
const scheduler = utilityProcess.fork(path.join(import.meta.dirname, 'scheduler-process.mjs'), [], { serviceName: 'scheduler' });
scheduler.on('message', ({ url }: { url: string }) => {
  const window = new BrowserWindow({ webPreferences: { preload: path.join(import.meta.dirname, 'preload.cjs') } });
  void window.loadURL(url);
});
