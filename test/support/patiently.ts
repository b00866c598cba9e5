import { UnavailableError } from '../../src-core/domain/errors.ts';
import { until } from './until.ts';

/**
 * Asks again where NATS was silent for longer than the product waits for an answer, as a program does that takes a busy machine into
 * account. For what may be done twice.
 */
export async function patiently<Value>(act: () => Promise<Value>): Promise<Value> {
  let why: unknown;
  const [value] = await until(() => act().then((given) => [given] as const, (error: unknown) => {
    if (!(error instanceof UnavailableError)) throw error;
    why = error;
    return undefined;
  }), { what: () => `an answer of NATS: ${String(why)}` });
  return value;
}
