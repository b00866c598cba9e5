/** Names of namespaces, apps and jobs: safe as one token of a NATS subject. */
export const NAME_RULE = 'letters, digits, "_" and "-", 1 to 64 characters';
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

export function isValidName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}

/** The namespace that exists from the start and cannot be deleted. */
export const DEFAULT_NAMESPACE = 'app';
