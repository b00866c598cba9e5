import type { UserConfig } from 'electron-vite';

export function desktopBundles(root: string): Pick<UserConfig, 'main' | 'preload'>;
