import { fileURLToPath } from 'node:url';
import { defineConfig } from 'electron-vite';
import { desktopBundles } from './build/vite.node.mjs';

// Main process, scheduler process and preload. There is no renderer: the window shows the panel that the scheduler serves.
export default defineConfig(desktopBundles(fileURLToPath(new URL('.', import.meta.url))));
