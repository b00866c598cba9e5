declare const __NATSJOB_VERSION__: string | undefined;

/** The program's version, put in by the build; `dev` when it runs from its sources. */
export const VERSION: string = typeof __NATSJOB_VERSION__ === 'string' ? __NATSJOB_VERSION__ : 'dev';
