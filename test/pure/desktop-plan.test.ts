import { describe, expect, test } from 'vitest';
import { planDesktop, signingOf } from '../../build/package/desktop/plan.mjs';
import { ALL_TARGETS } from '../../build/package/targets.mjs';

const machine = { targets: ALL_TARGETS, host: 'linux', electron: undefined, tools: { zip: true, deb: true, nsis: true, AppImage: true } };

describe('what the desktop step makes', () => {
  test('without Electron all six as folders, and those archives whose tools are there', () => {
    const plan = planDesktop(machine);
    expect([plan.isReal, plan.left]).toEqual([false, []]);
    expect(plan.builds).toEqual([
      { os: 'linux', arches: ['x64', 'arm64'], kinds: ['dir', 'zip', 'AppImage', 'deb'] },
      { os: 'macos', arches: ['x64', 'arm64'], kinds: ['dir', 'zip'] },
      { os: 'win', arches: ['x64', 'arm64'], kinds: ['dir', 'zip', 'nsis', 'portable'] },
    ]);
    const without = (...names: string[]) => planDesktop({ ...machine, tools: { ...machine.tools, ...Object.fromEntries(names.map((name) => [name, false])) } }).builds.map(({ kinds }) => kinds);
    expect(without('zip', 'deb', 'nsis', 'AppImage')).toEqual([['dir'], ['dir'], ['dir']]);
    expect(without('zip', 'AppImage')).toEqual([['dir', 'deb'], ['dir'], ['dir']]); // the installer for Windows holds an archive
    expect(without('nsis')).toEqual([['dir', 'zip', 'AppImage', 'deb'], ['dir', 'zip'], ['dir', 'zip']]);
  });

  test.each([
    ['linux', 'linux', ['AppImage', 'deb', 'zip'], ['macos-x64', 'macos-arm64', 'win-x64', 'win-arm64']],
    ['darwin', 'macos', ['dmg', 'zip'], ['linux-x64', 'linux-arm64', 'win-x64', 'win-arm64']],
    ['win32', 'win', ['nsis', 'portable', 'zip'], ['linux-x64', 'linux-arm64', 'macos-x64', 'macos-arm64']],
  ])('with Electron on %s the installers of %s, and the others are named', (host, os, kinds, left) => {
    expect(planDesktop({ ...machine, host, electron: 'download' })).toEqual({ isReal: true, dist: undefined, builds: [{ os, arches: ['x64', 'arm64'], kinds }], left });
  });

  test('with a folder of Electron it takes that, for the targets that were chosen', () => {
    const plan = planDesktop({ ...machine, targets: ALL_TARGETS.filter(({ name }) => name === 'linux-arm64'), electron: 'archives' });
    expect([plan.dist, plan.builds[0]?.arches, plan.left]).toEqual(['archives', ['arm64'], []]);
  });
});

describe('what is signed', () => {
  const azure = {
    AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', NATSJOB_AZURE_ENDPOINT: 'https://sign.invalid', NATSJOB_AZURE_ACCOUNT: 'account',
    NATSJOB_AZURE_PROFILE: 'profile', NATSJOB_AZURE_PUBLISHER: 'CN=natsjob',
  };

  test('nothing without secrets, also when the workflow hands over empty ones', () => {
    expect(signingOf({})).toEqual({ mac: false, notarize: false, azure: undefined });
    expect(signingOf({ CSC_LINK: '', APPLE_API_KEY: '', AZURE_TENANT_ID: '' })).toEqual({ mac: false, notarize: false, azure: undefined });
  });

  test('macOS by a certificate, and notarized when Apple may be asked', () => {
    expect(signingOf({ CSC_LINK: 'certificate' })).toMatchObject({ mac: true, notarize: false });
    expect(signingOf({ CSC_LINK: 'certificate', APPLE_API_KEY: 'key' })).toMatchObject({ mac: true, notarize: true });
    expect(signingOf({ APPLE_API_KEY: 'key' })).toMatchObject({ mac: false, notarize: false });
  });

  test('Windows when Azure is told in full', () => {
    expect(signingOf(azure).azure).toEqual({ endpoint: 'https://sign.invalid', codeSigningAccountName: 'account', certificateProfileName: 'profile', publisherName: 'CN=natsjob' });
    for (const name of Object.keys(azure)) expect(signingOf({ ...azure, [name]: '' }).azure).toBeUndefined();
  });
});
