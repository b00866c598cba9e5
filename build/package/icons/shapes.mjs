// What the icons look like: the panel's own icon, and the tray's four states drawn after it. SVG as text, 32 units wide.

/** Apple wants a margin around an application's icon: 824 of 1024 points are the picture. */
const MAC_SIDE = (32 * 1024) / 824;

/** The states of the tray, told apart by shape and by colour. `tile` is the colour behind the shape. */
export const TRAY_STATES = {
  idle: { tile: '#1d4ed8', shape: (ink) => `${gapped(ink)}${line('M16 11v5l4 3', ink, 2.6)}` },
  running: { tile: '#15803d', shape: (ink) => `${gapped(ink)}<path d="M13.2 11.4v9.2l7.6-4.6z" fill="${ink}" stroke="${ink}" stroke-width="1.4" stroke-linejoin="round"/>` },
  paused: { tile: '#475569', shape: (ink) => `${ring(ink)}${line('M13.4 12.6v6.8M18.6 12.6v6.8', ink, 2.8)}` },
  problem: { tile: '#b91c1c', shape: (ink) => `${ring(ink)}${line('M16 11.2v5.4', ink, 3)}<circle cx="16" cy="20.4" r="1.7" fill="${ink}"/>` },
};

/** The icon of a program on macOS, from that of the panel. */
export function withMacMargin(svg) {
  const from = (32 - MAC_SIDE) / 2;
  return svg.replace('viewBox="0 0 32 32"', `viewBox="${from} ${from} ${MAC_SIDE} ${MAC_SIDE}"`);
}

/** White on a tile of the state's colour: for Windows and Linux, where the bar may be light or dark. */
export function trayTile(state) {
  const { tile, shape } = TRAY_STATES[state];
  return picture('3 3 26 26', `<rect x="3" y="3" width="26" height="26" rx="6" fill="${tile}"/>${shape('#fff')}`);
}

/** Black on nothing: macOS takes the outline of a template image and colours it by itself. */
export function trayTemplate(state) {
  return picture('4 4 24 24', TRAY_STATES[state].shape('#000'));
}

const picture = (viewBox, content) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}">${content}</svg>`;
const line = (path, ink, width) => `<path d="${path}" fill="none" stroke="${ink}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const ring = (ink) => `<circle cx="16" cy="16" r="9" fill="none" stroke="${ink}" stroke-width="3"/>`;
/** The clock of the panel's icon: a ring that is open at the upper right, with a dot in the gap. */
const gapped = (ink) => `${line('M16 7a9 9 0 1 0 9 9', ink, 3)}<circle cx="23.5" cy="8.5" r="2.6" fill="${ink}"/>`;
