/** The look of all inputs. */
export const CONTROL = 'h-9 w-full min-w-0 rounded-md border border-edge bg-raised px-2.5 text-ink disabled:opacity-60 aria-invalid:border-bad';
