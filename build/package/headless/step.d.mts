import type { Target } from '../targets.mjs';
export function run(context: { readonly root: string; readonly out: string; readonly cache: string; readonly version: string; readonly targets: readonly Target[] }): Promise<void>;
