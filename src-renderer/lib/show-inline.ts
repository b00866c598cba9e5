/** Scrolls a positioned list sideways, and nothing else, until the item is in view. */
export function showInline(list: HTMLElement, item: HTMLElement | null | undefined): void {
  if (!item) return;
  const end = item.offsetLeft + item.offsetWidth;
  if (item.offsetLeft < list.scrollLeft) list.scrollLeft = item.offsetLeft;
  else if (end > list.scrollLeft + list.clientWidth) list.scrollLeft = end - list.clientWidth;
}
