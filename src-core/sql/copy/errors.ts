/** Somebody else's rows are where the copy is to go. */
export class TargetNotEmptyError extends Error {
  override readonly name = 'TargetNotEmptyError';
  constructor(target: string) {
    super(`${target} holds data of natsjob already: choose another place, or give --force to delete what is there.`);
  }
}

/** The tables are not as this program knows them: there are none, or those of an older one. */
export class OtherSchemaError extends Error {
  override readonly name = 'OtherSchemaError';
}

/** Somebody wrote while it was being copied. */
export class SourceChangedError extends Error {
  override readonly name = 'SourceChangedError';
  constructor(source: string) {
    super(`${source} was written while it was copied: stop every natsjob that uses it, then copy again.`);
  }
}

/** What arrived is not what was sent. */
export class CopyDiffersError extends Error {
  override readonly name = 'CopyDiffersError';
}
