import { ProblemError } from '../errors.ts';
import { invalidInput } from '../problem.ts';

/** The version an edit is based on. Throws 428 when the header is missing, 400 when it is anything but one strong tag of ours. */
export function readIfMatch(header: string | undefined): number {
  if (header === undefined) {
    throw new ProblemError(428, 'version-required', 'If-Match is required', 'Send If-Match: "<version>" with the version you read, so that nobody else\'s change is overwritten.', {
      errors: [{ field: 'If-Match', message: 'is required' }],
    });
  }
  const match = /^"(\d{1,15})"$/.exec(header.trim());
  if (match) return Number(match[1]);
  throw invalidInput([{ field: 'If-Match', message: reasonFor(header.trim()) }]);
}

function reasonFor(header: string): string {
  if (header === '*') return 'must name a version, "*" would overwrite whatever is there';
  if (header.startsWith('W/')) return 'must be a strong tag, without W/';
  if (header.includes(',')) return 'must be one version only';
  return 'must be the version in double quotes, like "12"';
}
