import { DESTINATIONS } from './destinations.ts';

/** What keys do beyond the rows in view. */
export interface KeyDeeds {
  go(path: string): void;
  openPalette(): void;
  showKeys(): void;
  pauseLive(): void;
  /** Esc where nothing else is open. */
  escape(): void;
}

const PAIR_MS = 1_500;
const TYPING = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=menu]';
const ABOVE = 'dialog[open], [data-floating], [role=menu]';

/**
 * Listens for the keys of the panel; returns the way to stop. Single keys act only while `isOn`, never while somebody types or something
 * is open above the page. Rows are `tr[data-row]`: their main link is the first `a`, further ones carry data-action.
 */
export function listenToKeys(deeds: KeyDeeds, isOn: () => boolean): () => void {
  // By when the keys were pressed: a page that was busy meanwhile handles them later, and further apart.
  let firstOfPair = -Infinity;
  const act = ({ key, timeStamp }: KeyboardEvent, target: Element): boolean => {
    if (timeStamp - firstOfPair < PAIR_MS) {
      firstOfPair = -Infinity;
      const destination = DESTINATIONS.find(({ letter }) => letter === key);
      if (destination) deeds.go(destination.path);
      return destination !== undefined;
    }
    if (key === 'g') {
      firstOfPair = timeStamp;
      return true;
    }
    return onPage(key, deeds) || onRow(key, target.closest<HTMLElement>('tr[data-row]'), target);
  };
  const listen = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || !(event.target instanceof Element)) return;
    const isChord = event.ctrlKey || event.metaKey;
    if (isChord && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      deeds.openPalette();
      return;
    }
    if (isChord || event.altKey || event.isComposing || document.querySelector(ABOVE)) return;
    if (event.target.closest(TYPING)) return;
    if (event.key === 'Escape') deeds.escape();
    else if (isOn() && act(event, event.target)) event.preventDefault();
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}

function onPage(key: string, deeds: KeyDeeds): boolean {
  switch (key) {
    case '/': focusFilter(deeds); return true;
    case 'j': moveRow(1); return true;
    case 'k': moveRow(-1); return true;
    case 'p': deeds.pauseLive(); return true;
    case 'c': deeds.go('/jobs/new'); return true;
    case '?': deeds.showKeys(); return true;
    default: return false;
  }
}

function onRow(key: string, row: HTMLElement | null, target: Element): boolean {
  const wanted = row && SELECTORS[key];
  // Enter on a link or a button inside of the row is theirs.
  if (!wanted || (key === 'Enter' && target !== row)) return false;
  const found = row.querySelector<HTMLElement>(wanted);
  found?.click();
  return found !== null;
}

const SELECTORS: Readonly<Record<string, string>> = { x: 'input[type=checkbox]', o: 'a', Enter: 'a', e: '[data-action=edit]', r: '[data-action=run]' };

function focusFilter(deeds: KeyDeeds): void {
  const filter = document.querySelector<HTMLInputElement>('main [data-filter]');
  if (!filter) return deeds.openPalette();
  filter.focus();
  filter.select();
}

/** To the row after or before the one in which the focus is; to the first when it is in none. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main tr[data-row]')];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + step))];
  if (!row) return;
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: 'nearest' });
}
