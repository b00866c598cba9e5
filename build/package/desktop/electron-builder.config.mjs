// What electron-builder is told. One call of it makes all architectures of one system, because they share an update feed.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fusesFor } from './fuses.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const here = (name) => path.join(HERE, name);

/** The program's id towards the systems: Windows ties notifications and shortcuts to it, macOS everything. Never change it. */
export const APP_ID = 'io.natsjob.desktop';
/** The file on Linux; `natsjob` is left to the headless binary, which people put on their PATH. */
export const LINUX_NAME = 'natsjob-desktop';
export const SCHEME = 'natsjobx';

/** Parts of the system that Electron loads at start; Debian's names, with those of the time_t change. */
const DEB_DEPENDS = ['libgtk-3-0 | libgtk-3-0t64', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils', 'libatspi2.0-0 | libatspi2.0-0t64', 'libuuid1', 'libsecret-1-0', 'libasound2 | libasound2t64', 'libgbm1'];

/**
 * `os` is linux, macos or win. `app` is the folder with package.json and bundles, `parts` the one with a folder for each
 * architecture (see stage.mjs), `licences` the file with those of others, `out` where the results go. `dist` is a folder with Electron's own files, undefined to download
 * them. `feed` is the address of the update feed; without one the program never asks for updates.
 */
export function desktopConfig({ root, os, app, parts, licences, out, electronVersion, dist, feed, signing, isStandIn }) {
  const name = (suffix = '') => `natsjob-desktop-\${version}-${os}-\${arch}${suffix}.\${ext}`;
  return {
    appId: APP_ID,
    productName: 'natsjob',
    copyright: 'Copyright © the authors of natsjob, Apache License 2.0',
    electronVersion,
    ...(dist === undefined ? {} : { electronDist: dist }),
    directories: { app, output: out, buildResources: here('.') },
    artifactName: name(),
    compression: isStandIn ? 'store' : 'normal',
    // All of ours is bundled, and native files are resources: nothing to install, to rebuild or to unpack.
    npmRebuild: false,
    // Without the last word electron-builder goes up to the clone and packs what it finds installed there.
    files: ['**/*', '!**/*.map', '!**/node_modules/**'],
    asar: true,
    extraResources: [
      { from: path.join(parts, '${arch}'), to: 'core' },
      { from: here('icons/tray'), to: 'tray' },
      { from: path.join(root, 'LICENSE'), to: 'LICENSE.natsjob.txt' },
      { from: licences, to: 'THIRD-PARTY-LICENSES.txt' },
    ],
    electronLanguages: ['en-US', 'zh-CN'],
    electronFuses: fusesFor(os, { isSigned: signing.mac }),
    protocols: [{ name: 'natsjob', schemes: [SCHEME], role: 'Viewer' }],
    publish: feed === undefined ? null : [{ provider: 'generic', url: feed, channel: 'latest' }],
    ...{ linux: linuxConfig(isStandIn), macos: macConfig(signing), win: winConfig(signing, name) }[os],
  };
}

function linuxConfig(isStandIn) {
  return {
    // This one needs no FUSE 2, which newer systems no longer bring, and keeps Chromium's sandbox on.
    toolsets: { appimage: '1.0.3' },
    linux: {
      executableName: LINUX_NAME,
      syncDesktopName: true,
      category: 'Utility',
      maintainer: 'natsjob maintainers <maintainers@natsjob.invalid>',
      synopsis: 'Job scheduler over NATS',
      description: 'Plans, sends and watches jobs over NATS, with its panel in a window and its state in the tray.',
      icon: here('icons/linux'),
      desktop: { entry: { Keywords: 'cron;scheduler;jobs;nats;', StartupNotify: 'true' } },
    },
    deb: {
      packageName: LINUX_NAME,
      compression: isStandIn ? 'gz' : 'xz',
      depends: DEB_DEPENDS,
      recommends: ['libayatana-appindicator3-1 | libappindicator3-1'],
      packageCategory: 'utils',
      fpm: [`${here('copyright')}=/usr/share/doc/${LINUX_NAME}/copyright`],
    },
  };
}

/** Unsigned it gets a signature without an identity, which Apple silicon demands and Gatekeeper does not trust. */
function macConfig({ mac, notarize }) {
  return {
    mac: {
      category: 'public.app-category.developer-tools',
      minimumSystemVersion: '13.0',
      icon: here('icons/icon.icns'),
      darkModeSupport: true,
      ...(mac ? { hardenedRuntime: true, notarize } : { identity: '-', hardenedRuntime: false, notarize: false }),
      gatekeeperAssess: false,
      entitlements: here('entitlements.mac.plist'),
      entitlementsInherit: here('entitlements.mac.plist'),
      binaries: ['Contents/Resources/core/native/nats-server'],
    },
    dmg: { title: 'natsjob ${version}', writeUpdateInfo: false },
  };
}

/** For one person and without an administrator. Both installers are for one architecture: a joint one would be twice as large. */
function winConfig({ azure }, name) {
  return {
    win: {
      icon: here('icons/icon.ico'),
      requestedExecutionLevel: 'asInvoker',
      ...(azure === undefined ? {} : { azureSignOptions: azure }),
    },
    nsis: {
      oneClick: false,
      perMachine: false,
      selectPerMachineByDefault: false,
      allowElevation: false,
      packElevateHelper: false,
      allowToChangeInstallationDirectory: true,
      buildUniversalInstaller: false,
      deleteAppDataOnUninstall: false,
      createDesktopShortcut: false,
      shortcutName: 'natsjob',
      installerLanguages: ['en_US', 'zh_CN'],
      include: here('installer.nsh'),
      artifactName: name('-setup'),
    },
    portable: { buildUniversalInstaller: false, requestExecutionLevel: 'user', artifactName: name('-portable') },
  };
}
