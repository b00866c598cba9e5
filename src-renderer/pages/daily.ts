/* What people do all day: one file for the browser, and loaded as one. A page that is loaded by itself out of it costs a file of its own. */
export { default as Editor } from './editor/Editor.svelte';
export { default as Job } from './job/Job.svelte';
export { default as Jobs } from './jobs/Jobs.svelte';
export { default as Run } from './run/Run.svelte';
export { default as Runs } from './runs/Runs.svelte';
