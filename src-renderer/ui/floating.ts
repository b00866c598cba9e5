import { placeBeside, type Beside } from './place.ts';

export interface Floating extends Beside {
  /** What it belongs to. It toggles by itself when it has `aria-expanded`. */
  readonly anchor: HTMLElement;
  /** Called for Escape, a press elsewhere, and what else ends it; has to take the element away. */
  close(): void;
  /** Where the focus goes; default: the first thing that can be used. */
  focus?(element: HTMLElement): void;
}

const USABLE = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

/** For `{@attach}`: the element stands above all else beside its anchor. The focus goes into it, stays in it, and back to the anchor at its end. */
export function floating({ anchor, close, focus, ...beside }: Floating): (element: HTMLElement) => () => void {
  return (element) => {
    const hide = showBeside(element, anchor, beside);
    (focus ?? ((own: HTMLElement) => (usable(own)[0] ?? own).focus()))(element);
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
      else if (event.key !== 'Tab' || !leaves(event, element)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    const pointed = ({ target }: PointerEvent): void => {
      const isOn = (one: HTMLElement): boolean => target instanceof Node && one.contains(target);
      if (!isOn(element) && !(isOn(anchor) && anchor.hasAttribute('aria-expanded'))) close();
    };
    element.addEventListener('keydown', pressed);
    document.addEventListener('pointerdown', pointed, true);
    return () => {
      document.removeEventListener('pointerdown', pointed, true);
      const { activeElement } = document;
      if (activeElement === document.body || element.contains(activeElement)) anchor.focus({ preventScroll: true });
      hide();
    };
  };
}

/** Shows the element in the top layer beside the anchor, and keeps it there; returns the way to take it away. */
export function showBeside(element: HTMLElement, anchor: HTMLElement, beside: Beside): () => void {
  // Whatever is not inside of a modal dialog cannot be used while it is open.
  (anchor.closest('dialog, [data-floating]') ?? document.body).append(element);
  element.popover = 'manual';
  element.showPopover();
  const put = (): void => {
    const { left, top } = placeBeside(anchor.getBoundingClientRect(), { width: element.offsetWidth, height: element.offsetHeight }, { width: document.documentElement.clientWidth, height: innerHeight }, beside);
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  };
  const sizes = new ResizeObserver(put);
  sizes.observe(element);
  addEventListener('scroll', put, true);
  addEventListener('resize', put);
  put();
  return () => {
    sizes.disconnect();
    removeEventListener('scroll', put, true);
    removeEventListener('resize', put);
    element.remove();
  };
}

/** At either end Tab goes on at the other one. */
function leaves(event: KeyboardEvent, element: HTMLElement): boolean {
  const all = usable(element);
  const [first, last] = event.shiftKey ? [all.at(-1), all[0]] : [all[0], all.at(-1)];
  if (document.activeElement !== last && document.activeElement !== element) return false;
  first?.focus();
  return true;
}

function usable(element: HTMLElement): readonly HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>(USABLE)].filter((one) => !one.matches(':disabled') && one.tabIndex >= 0 && one.checkVisibility());
}
