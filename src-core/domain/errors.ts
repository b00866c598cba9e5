/** One violated rule of a value somebody sent: which field, and what is allowed there. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A definition or request that breaks rules; carries every violation found, not only the first. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
  readonly errors: readonly FieldError[];
  constructor(errors: readonly FieldError[]) {
    super(errors.map((error) => `${error.field}: ${error.message}`).join('; '));
    this.errors = errors;
  }
}

/** The thing addressed does not exist. `kind` is one of our nouns: namespace, app, job, run, server. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly kind: string;
  readonly key: string;
  constructor(kind: string, key: string) {
    super(`There is no ${kind} "${key}".`);
    this.kind = kind;
    this.key = key;
  }
}

/** A name that is taken already. */
export class AlreadyExistsError extends Error {
  override readonly name = 'AlreadyExistsError';
  readonly kind: string;
  readonly key: string;
  constructor(kind: string, key: string) {
    super(`The ${kind} "${key}" exists already.`);
    this.kind = kind;
    this.key = key;
  }
}

/** Somebody else changed the definition since the version the caller edited. */
export class StaleVersionError extends Error {
  override readonly name = 'StaleVersionError';
  readonly key: string;
  readonly current: number;
  constructor(key: string, current: number) {
    super(`"${key}" was changed by somebody else; it is at version ${current} now.`);
    this.key = key;
    this.current = current;
  }
}

/** The thing exists, but its state forbids the action (deleting what is in use, cancelling what has ended). */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** A run that was asked for and not started; `reason` is the skip reason. */
export class RunSkippedError extends Error {
  override readonly name = 'RunSkippedError';
  readonly reason: string;
  constructor(reason: string, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** NATS or the database cannot be reached right now; trying again later may work. */
export class UnavailableError extends Error {
  override readonly name: string = 'UnavailableError';
}

/** Another process runs under this node's id; trying again later may work. */
export class NodeIdTakenError extends UnavailableError {
  override readonly name = 'NodeIdTakenError';
  constructor(nodeId: string, host: string, pid: number) {
    const where = host === '' ? '' : ` (process ${pid} on ${host})`;
    super(`Node id "${nodeId}" is in use by another natsjob${where}, so this one takes no part: give each node a NATSJOB_NODE_ID of its own, or delete the file node-id of a copied data folder.`);
  }
}

/** A request to another node that surely reached nobody. */
export class NotReachedError extends UnavailableError {
  override readonly name = 'NotReachedError';
}

/** A request that was sent to another node and not answered: it may have been carried out, or may still be. */
export class UnansweredError extends UnavailableError {
  override readonly name = 'UnansweredError';
}

/** The node that was asked for what only the leader may do does not lead. It did nothing. */
export class NotLeadingError extends Error {
  override readonly name = 'NotLeadingError';
}

/** The node that was giving its view stopped doing so: another one may be asked. */
export class SnapshotBrokenError extends Error {
  override readonly name = 'SnapshotBrokenError';
}

/** Another node could not make sense of what it was asked, or failed over it: a fault of ours, or another version. */
export class NodeFaultError extends Error {
  override readonly name = 'NodeFaultError';
}

/** A run state change the transition table does not allow: a fault of ours, never of input. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';
  constructor(from: string, to: string, taskId: string) {
    super(`Run ${taskId} cannot go from ${from} to ${to}.`);
  }
}
