// node build/package/desktop/build.mjs <file with settings as JSON>: one call of electron-builder, in a process of its own because
// it takes its tools from the environment. Settings: { os, arches, kinds, config: arguments of desktopConfig }.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Arch, Platform, build } from 'electron-builder';
import { desktopConfig } from './electron-builder.config.mjs';

const { os, arches, kinds, config } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const platform = { linux: Platform.LINUX, macos: Platform.MAC, win: Platform.WINDOWS }[os];
const settings = desktopConfig(config);
// Each architecture has its own folder of Electron's files.
if (config.dist !== undefined) settings.electronDist = ({ arch }) => (config.isStandIn ? `${config.dist}/${os}-${arch}` : config.dist);
// Electron's own start page: electron-builder takes it away only from what it fetched itself.
settings.afterExtract = ({ appOutDir }) => {
  for (const resources of ['resources', path.join('Electron.app', 'Contents', 'Resources')]) rmSync(path.join(appOutDir, resources, 'default_app.asar'), { force: true });
};
const targets = new Map([[platform, new Map(arches.map((arch) => [Arch[arch], kinds]))]]);
await build({ targets, config: settings, projectDir: config.root, publish: 'never' });
