export { copyView, type CopiedTable, type CopyOptions } from './copy-view.ts';
export { CopyDiffersError, OtherSchemaError, SourceChangedError, TargetNotEmptyError } from './errors.ts';
export { lookAtFile, lookAtServer, type ViewContents, type ViewLook } from './look.ts';
export { openLocalSource, openLocalTarget, type LocalSideOptions } from './local-side.ts';
export { openServerSource, openServerTarget, type ServerSideOptions } from './server-side.ts';
export type { CopySource, CopyTarget } from './side.ts';
