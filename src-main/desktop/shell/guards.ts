import type { Session, Shell, WebContents } from 'electron';
import { isOfPanel, mayNavigate, mayUse, outsideUrl } from '../model/window-rules.ts';

export interface GuardOptions {
  /** Of the panel; undefined as long as there is none. */
  readonly origin: () => string | undefined;
  readonly shell: Pick<Shell, 'openExternal'>;
  readonly log: (line: string) => void;
}

/** Refuses every permission but those of the rules, devices, and requests that go anywhere but to the panel. */
export function guardSession(session: Session, { origin }: Pick<GuardOptions, 'origin'>): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => answer(details.isMainFrame && mayUse(permission, details.requestingUrl, origin())));
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin) => mayUse(permission, requestingOrigin, origin()));
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !mayRequest(url, origin()) }));
}

/** For every page there is, also ones that should not be: none leaves the panel, opens a window or holds another page. */
export function guardContents(contents: WebContents, { origin, shell, log }: GuardOptions): void {
  const stay = (event: { preventDefault(): void; readonly url: string }): void => {
    if (mayNavigate(event.url, origin())) return;
    event.preventDefault();
    openOutside(event.url);
  };
  const openOutside = (url: string): void => {
    const outside = outsideUrl(url);
    if (outside === undefined) log('A link of the panel was not opened: its address is not on the list');
    else void shell.openExternal(outside).catch(() => log('The browser could not be opened'));
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
}

function mayRequest(url: string, origin: string | undefined): boolean {
  if (/^(data|blob|devtools):/.test(url)) return true;
  return isOfPanel(url.replace(/^ws:/, 'http:'), origin);
}
