/** An event that can be prevented, with what else belongs to it. */
export function cancellable<More extends object>(more: More = {} as More): More & { defaultPrevented: boolean; preventDefault(): void } {
  const event = { ...more, defaultPrevented: false, preventDefault: () => { event.defaultPrevented = true; } };
  return event;
}
