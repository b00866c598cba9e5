import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { APP_ID, SCHEME, desktopConfig } from '../../build/package/desktop/electron-builder.config.mjs';
import { APP_ID as ID_OF_SHELL } from '../../src-main/desktop/shell/early.ts';
import { LINK_SCHEME } from '../../src-main/desktop/model/deep-link.ts';
import { ROOT, packagingModule, type Os } from '../support/packed-desktop.ts';

const UNSIGNED = { mac: false, notarize: false, azure: undefined };
const SIGNED = { mac: true, notarize: true, azure: { endpoint: 'https://sign.invalid', codeSigningAccountName: 'account', certificateProfileName: 'profile', publisherName: 'CN=natsjob' } };

function configOf(os: Os, signing: typeof UNSIGNED | typeof SIGNED = UNSIGNED, feed?: string): Record<string, Record<string, unknown>> {
  const places = { app: 'app', parts: 'parts', licences: 'licences', out: 'out' };
  return desktopConfig({ root: ROOT, os, ...places, electronVersion: '1.2.3', signing, isStandIn: false, ...(feed === undefined ? {} : { feed }) }) as Record<string, Record<string, unknown>>;
}

test.each(['linux', 'macos', 'win'] as const)('electron-builder takes every word of the settings for %s, signed or not', async (os) => {
  const { validateConfiguration } = packagingModule<{ validateConfiguration(config: object, log: object): Promise<void> }>('app-builder-lib/out/util/config/config');
  for (const signing of [UNSIGNED, SIGNED]) await validateConfiguration(configOf(os, signing, 'https://feed.invalid'), { isEnabled: false, add: () => {} });
  await expect(validateConfiguration({ ...configOf(os), protocol: [] }, { isEnabled: false, add: () => {} })).rejects.toThrow(/unknown property 'protocol'/);
});

test('the shell and the installers know each other by the same names', () => {
  expect([APP_ID, SCHEME]).toEqual([ID_OF_SHELL, LINK_SCHEME]);
  expect(readFileSync(path.join(ROOT, 'build', 'package', 'desktop', 'installer.nsh'), 'utf8')).toContain(`"Software\\Classes\\${SCHEME}"`);
});

test('without secrets macOS gets a signature without an identity, with them the hardened runtime and a notarization', () => {
  expect(configOf('macos')['mac']).toMatchObject({ identity: '-', hardenedRuntime: false, notarize: false });
  const signed = configOf('macos', SIGNED);
  expect(signed['mac']).toMatchObject({ hardenedRuntime: true, notarize: true });
  expect(signed['mac']).not.toHaveProperty('identity');
  expect(signed['electronFuses']).toMatchObject({ enableCookieEncryption: true });
  const entitlements = readFileSync(String(signed['mac']!['entitlements']), 'utf8');
  expect([...entitlements.matchAll(/<key>(.+)<\/key>/g)].map(([, key]) => key)).toEqual(['com.apple.security.cs.allow-jit']);
});

test('Windows is signed by Azure when it is told, and asks for no administrator', () => {
  expect(configOf('win')['win']).not.toHaveProperty('azureSignOptions');
  expect(configOf('win', SIGNED)['win']!['azureSignOptions']).toEqual(SIGNED.azure);
  expect(configOf('win')['nsis']).toMatchObject({ oneClick: false, perMachine: false, allowElevation: false, deleteAppDataOnUninstall: false });
  expect(configOf('win')['win']).toMatchObject({ requestedExecutionLevel: 'asInvoker' });
});

test('there is an update feed only when its address is given', () => {
  expect(configOf('linux')['publish']).toBeNull();
  expect(configOf('linux', UNSIGNED, 'https://feed.invalid/x')['publish']).toEqual([{ provider: 'generic', url: 'https://feed.invalid/x', channel: 'latest' }]);
});

test('every file that the settings name is there', () => {
  const named = (['linux', 'macos', 'win'] as const).flatMap((os) => JSON.stringify(configOf(os)).match(/"[^"$=]*build\/package\/desktop\/[^"$=]+/g) ?? []).map((text) => text.slice(1));
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((file) => !existsSync(file))).toEqual([]);
});
