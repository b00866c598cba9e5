/* The other pages, loaded as one: see daily.ts. */
export { default as Calendar } from './calendar/Calendar.svelte';
export { default as Places } from './places/Places.svelte';
export { default as Servers } from './servers/Servers.svelte';
export { default as Settings } from './settings/Settings.svelte';
export { default as Tester } from './tester/Tester.svelte';
export { default as Workers } from './workers/Workers.svelte';
