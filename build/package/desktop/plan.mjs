// What the desktop step makes on this machine: pure, so that it can be tried for machines that are not at hand.

/** Files a person downloads. NSIS and portable are installer and single file on Windows. */
const INSTALLERS = { linux: ['AppImage', 'deb', 'zip'], macos: ['dmg', 'zip'], win: ['nsis', 'portable', 'zip'] };
const OF_HOST = { linux: 'linux', darwin: 'macos', win32: 'win' };

/**
 * `electron` is what NATSJOB_ELECTRON says: `download`, or a folder with Electron's zip archives; undefined means stand-ins.
 * Installers are made on the system they are for, as its own tools sign and build them. Stand-ins show what is packed and where,
 * for every target: as folders, and as those archives that need no download.
 * `tools` says which of `zip`, `deb`, `nsis` and `AppImage` this machine can make by its own tools.
 * Gives `{ isReal, dist, builds: [{ os, arches, kinds }], left: [targets made elsewhere] }`.
 */
export function planDesktop({ targets, host, electron, tools }) {
  const isReal = electron !== undefined;
  const here = targets.filter(({ os }) => !isReal || os === OF_HOST[host]);
  const builds = Object.keys(INSTALLERS)
    .map((os) => ({ os, arches: here.filter((target) => target.os === os).map(({ arch }) => arch), kinds: isReal ? INSTALLERS[os] : standInKinds(os, tools) }))
    .filter(({ arches }) => arches.length > 0);
  return { isReal, dist: isReal && electron !== 'download' ? electron : undefined, builds, left: targets.filter((target) => !here.includes(target)).map(({ name }) => name) };
}

function standInKinds(os, tools) {
  const ofSystem = { linux: ['AppImage', 'deb'], macos: [], win: tools.zip ? ['nsis', 'portable'] : [] }[os];
  return ['dir', ...(tools.zip ? ['zip'] : []), ...ofSystem.filter((kind) => tools[kind === 'portable' ? 'nsis' : kind])];
}

/**
 * Which secrets the environment holds: `{ mac, notarize, azure }`. What is not there leaves its part unsigned; `azure` is what
 * electron-builder wants to be told besides the AZURE_… variables that Azure's own tools read.
 */
export function signingOf(env) {
  const { AZURE_TENANT_ID, AZURE_CLIENT_ID, NATSJOB_AZURE_ENDPOINT, NATSJOB_AZURE_ACCOUNT, NATSJOB_AZURE_PROFILE, NATSJOB_AZURE_PUBLISHER } = env;
  const mac = Boolean(env.CSC_LINK || env.CSC_NAME);
  const azure = AZURE_TENANT_ID && AZURE_CLIENT_ID && NATSJOB_AZURE_ENDPOINT && NATSJOB_AZURE_ACCOUNT && NATSJOB_AZURE_PROFILE && NATSJOB_AZURE_PUBLISHER
    ? { endpoint: NATSJOB_AZURE_ENDPOINT, codeSigningAccountName: NATSJOB_AZURE_ACCOUNT, certificateProfileName: NATSJOB_AZURE_PROFILE, publisherName: NATSJOB_AZURE_PUBLISHER }
    : undefined;
  return { mac, notarize: mac && Boolean(env.APPLE_API_KEY || env.APPLE_ID), azure };
}
