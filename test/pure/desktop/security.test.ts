import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../src-main/desktop/model/bridge.ts';
import { URL_OF_PANEL } from '../../support/electron/fake-world.ts';
import { setStage } from '../../support/electron/stage.ts';

// Rows of what a desktop program owes its system, as calls of Electron's API that were made or refused.
const { started } = setStage();

describe('security', () => {
  test('the page is sandboxed and isolated, and all pages that may ever come are', async () => {
    const world = await started();
    expect(world.window().options['webPreferences']).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false, nodeIntegrationInSubFrames: false, webviewTag: false, webSecurity: true, preload: expect.stringMatching(/preload\.cjs$/) });
    expect(world.recorder.isBefore('app.enableSandbox', 'ready')).toBe(true);
  });

  test('every call of the bridge is refused to whoever is not the panel', async () => {
    const world = await started();
    const channels = world.recorder.of('ipcMain.handle').map(([channel]) => String(channel));
    expect(channels.toSorted()).toEqual(Object.values(CHANNELS).filter((channel) => channel !== CHANNELS.state).toSorted());
    const strangers = [{ url: 'http://127.0.0.1:9999/', parent: null }, { url: `${URL_OF_PANEL}/`, parent: {} }, null];
    for (const channel of channels) {
      for (const frame of strangers) await expect(world.invoke(channel, frame)).rejects.toThrow('Only the panel');
    }
  });

  test('permissions are refused, but for copying and full screen of the panel', async () => {
    const world = await started();
    const request = world.session['setPermissionRequestHandler'] as unknown as (contents: object, permission: string, answer: (may: boolean) => void, details: object) => void;
    const ask = (permission: string, requestingUrl: string, isMainFrame = true): boolean => {
      let answer = true;
      request({}, permission, (may) => { answer = may; }, { requestingUrl, isMainFrame });
      return answer;
    };
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read', 'hid']) expect(ask(permission, `${URL_OF_PANEL}/`)).toBe(false);
    expect(ask('clipboard-sanitized-write', `${URL_OF_PANEL}/`)).toBe(true);
    expect(ask('clipboard-sanitized-write', `${URL_OF_PANEL}/`, false)).toBe(false);
    expect(ask('clipboard-sanitized-write', 'https://example.org/')).toBe(false);
    expect((world.session['setDevicePermissionHandler'] as unknown as () => boolean)()).toBe(false);
    const check = world.session['setPermissionCheckHandler'] as unknown as (contents: object | null, permission: string, origin: string) => boolean;
    expect([check(null, 'geolocation', URL_OF_PANEL), check(null, 'fullscreen', URL_OF_PANEL)]).toEqual([false, true]);
  });

  test('no request leaves for anywhere but the panel', async () => {
    const world = await started();
    const before = world.session['webRequest.onBeforeRequest'] as unknown as (details: { url: string }, answer: (response: { cancel: boolean }) => void) => void;
    const cancels = (url: string): boolean => {
      let answer = false;
      before({ url }, ({ cancel }) => { answer = cancel; });
      return answer;
    };
    expect(['https://example.org/x.js', 'http://127.0.0.1:7789/', 'file:///etc/passwd', 'ws://example.org/'].map(cancels)).toEqual([true, true, true, true]);
    expect([`${URL_OF_PANEL}/assets/a.js`, 'ws://127.0.0.1:7788/natsjob/api/live', 'data:image/svg+xml,x'].map(cancels)).toEqual([false, false, false]);
  });

  test('the page stays where it is; no window is opened; links go to the browser by a list', async () => {
    const world = await started();
    const { webContents } = world.window();
    for (const kind of ['will-navigate', 'will-frame-navigate', 'will-redirect'] as const) {
      expect(webContents.navigate(kind, 'https://example.org/')).toBe(false);
      expect(webContents.navigate(kind, `${URL_OF_PANEL}/#/runs`)).toBe(true);
    }
    const view = { defaultPrevented: false, preventDefault: () => { view.defaultPrevented = true; } };
    webContents.emit('will-attach-webview', view);
    expect(view.defaultPrevented).toBe(true);
    for (const url of ['https://example.org/', 'http://docs.nats.io/', 'file:///etc/passwd', 'https://github.com@example.org/', `${URL_OF_PANEL}/`]) expect(webContents.openHandler({ url })).toEqual({ action: 'deny' });
    expect(world.recorder.of('shell.openExternal')).toEqual([]);
    expect(webContents.openHandler({ url: 'https://docs.nats.io/nats-concepts' })).toEqual({ action: 'deny' });
    expect(world.recorder.of('shell.openExternal')).toEqual([['https://docs.nats.io/nats-concepts']]);
  });
});
