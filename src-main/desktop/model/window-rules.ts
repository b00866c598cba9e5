/** Colours of the panel's canvas, so that a window that is not painted yet does not flash. */
const CANVAS = { light: '#f5f6f8', dark: '#0f1216' } as const;

/** Hosts that a link of the panel or of our menus may open in the system's browser. */
const OUTSIDE_HOSTS: readonly string[] = ['github.com', 'docs.nats.io', 'nats.io'];

/** What the panel needs: its copy buttons and full screen. Everything else (camera, notifications, USB …) is refused. */
const PERMISSIONS: readonly string[] = ['clipboard-sanitized-write', 'fullscreen'];

/** Options of the one window; `preload` is an absolute path. */
export function windowOptions({ isDark, preload, partition }: { isDark: boolean; preload: string; partition: string }) {
  return {
    name: 'main', windowStatePersistence: true, title: 'natsjob', width: 1280, height: 820, minWidth: 900, minHeight: 600, show: false,
    backgroundColor: isDark ? CANVAS.dark : CANVAS.light,
    webPreferences: {
      preload, partition, contextIsolation: true, sandbox: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false,
      webSecurity: true, allowRunningInsecureContent: false, webviewTag: false, navigateOnDragDrop: false, spellcheck: false,
    },
  } as const;
}

/** The origin of the panel, when the address is one a desktop window may show: plain HTTP on this machine. */
export function loopbackOrigin(url: string): string | undefined {
  const parsed = parse(url);
  if (parsed?.protocol !== 'http:' || parsed.username !== '' || parsed.password !== '') return undefined;
  return ['127.0.0.1', '[::1]', 'localhost'].includes(parsed.hostname) ? parsed.origin : undefined;
}

/** Whether a page, frame or message comes from the panel. `origin` is what loopbackOrigin gave; without one nothing does. */
export function isOfPanel(url: string, origin: string | undefined): boolean {
  return origin !== undefined && parse(url)?.origin === origin;
}

/** A window may go only where it is already. */
export function mayNavigate(url: string, origin: string | undefined): boolean {
  return isOfPanel(url, origin);
}

/** The address to give to the system's browser; undefined: nothing is opened. */
export function outsideUrl(url: string): string | undefined {
  const parsed = parse(url);
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '' || parsed.port !== '') return undefined;
  return OUTSIDE_HOSTS.includes(parsed.hostname) ? parsed.href : undefined;
}

export function mayUse(permission: string, url: string, origin: string | undefined): boolean {
  return PERMISSIONS.includes(permission) && isOfPanel(url, origin);
}

/** The panel's page as an address; its own addresses are all in the hash. */
export function pageUrl(origin: string, page: string): string {
  return `${origin}/#${page}`;
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
