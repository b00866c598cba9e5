import type { signingOf } from './plan.mjs';

export declare const APP_ID: string;
export declare const LINUX_NAME: string;
export declare const SCHEME: string;
/** In electron-builder's words. */
export declare function desktopConfig(on: {
  readonly root: string;
  readonly os: 'linux' | 'macos' | 'win';
  readonly app: string;
  readonly parts: string;
  readonly licences: string;
  readonly out: string;
  readonly electronVersion: string;
  readonly dist?: string;
  readonly feed?: string;
  readonly signing: ReturnType<typeof signingOf>;
  readonly isStandIn: boolean;
}): Record<string, unknown>;
