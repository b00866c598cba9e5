import { contextBridge, ipcRenderer } from 'electron';

contextBridge.exposeInMainWorld('natsjobDesktop', { oneTimeToken: () => ipcRenderer.invoke('natsjob:one-time-token') });
