import type { PauseResource, Time } from './resources.ts';

/** GET and PUT /scheduler/pause. */
export type PauseState = { readonly pause: PauseResource | null };

/** PUT /scheduler/pause: absent = until somebody resumes. A pause in force gets the new end. */
export type PauseRequest = { readonly until?: Time };
