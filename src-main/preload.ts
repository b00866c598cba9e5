// What the panel sees of the desktop shell. Sandboxed, so it is one CommonJS file without anything of Node's.
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import { CHANNELS, type NatsjobDesktop } from './desktop/model/bridge.ts';
import type { DesktopState } from './desktop/model/desktop-state.ts';

const desktop: NatsjobDesktop = {
  oneTimeToken: () => ipcRenderer.invoke(CHANNELS.oneTimeToken),
  openLogs: () => ipcRenderer.invoke(CHANNELS.openLogs),
  checkForUpdates: () => ipcRenderer.invoke(CHANNELS.checkForUpdates),
  getState: () => ipcRenderer.invoke(CHANNELS.getState),
  quit: () => ipcRenderer.invoke(CHANNELS.quit),
  onState(listener) {
    // The event itself would hand the page a way to send.
    const hear = (_event: IpcRendererEvent, state: DesktopState): void => listener(state);
    ipcRenderer.on(CHANNELS.state, hear);
    return () => void ipcRenderer.removeListener(CHANNELS.state, hear);
  },
};

contextBridge.exposeInMainWorld('natsjobDesktop', desktop);
