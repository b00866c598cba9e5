import { showBeside } from './floating.ts';
import type { Side } from './place.ts';

const DELAY_MS = 400;
/** From one thing to the next without waiting, and from the thing to its tooltip. */
const GRACE_MS = 200;
const ID = 'tooltip';

let shown: { readonly by: HTMLElement; hide(): void } | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Whose timer it is. */
let timed: HTMLElement | undefined;
let hiddenAt = -GRACE_MS;

/** For `{@attach}`: tells more about the element when it is pointed at or reached by keyboard. One is shown at a time. */
export function tooltip(text: () => string, side: Side): (element: HTMLElement) => () => void {
  return (element) => {
    const open = (): void => show(element, text(), side);
    const close = (): void => hide(element);
    element.addEventListener('pointerenter', ({ pointerType }) => {
      if (pointerType !== 'touch') later(element, shown || performance.now() - hiddenAt < GRACE_MS ? 0 : DELAY_MS, open);
    });
    element.addEventListener('pointerleave', () => later(element, GRACE_MS, close));
    element.addEventListener('focus', () => { if (element.matches(':focus-visible')) open(); });
    for (const event of ['blur', 'pointerdown', 'click']) element.addEventListener(event, close);
    return close;
  };
}

function later(element: HTMLElement, ms: number, act: () => void): void {
  clearTimeout(timer);
  timed = element;
  timer = setTimeout(act, ms);
}

function show(element: HTMLElement, text: string, side: Side): void {
  if (shown?.by === element) return clearTimeout(timer);
  if (shown) hide(shown.by);
  clearTimeout(timer);
  const box = document.createElement('div');
  box.id = ID;
  box.role = 'tooltip';
  box.className = 'max-w-80 rounded-md bg-ink px-2 py-1 text-xs whitespace-pre-line text-canvas shadow-lg';
  box.textContent = text;
  box.addEventListener('pointerenter', () => clearTimeout(timer));
  box.addEventListener('pointerleave', () => later(element, GRACE_MS, () => hide(element)));
  const remove = showBeside(box, element, { side, align: 'center', gap: 6 });
  const pressed = ({ key }: KeyboardEvent): void => { if (key === 'Escape') hide(element); };
  addEventListener('keydown', pressed, true);
  // What only repeats the name would be read out twice.
  const tellsMore = text !== (element.ariaLabel ?? element.textContent?.trim()) && !element.hasAttribute('aria-describedby');
  if (tellsMore) element.setAttribute('aria-describedby', ID);
  shown = {
    by: element,
    hide() {
      remove();
      removeEventListener('keydown', pressed, true);
      if (tellsMore) element.removeAttribute('aria-describedby');
    },
  };
}

function hide(element: HTMLElement): void {
  if (timed === element) clearTimeout(timer);
  if (shown?.by !== element) return;
  shown.hide();
  shown = undefined;
  hiddenAt = performance.now();
}
