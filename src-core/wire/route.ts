/** The table "category × model" of `protocol.md`: which subject a job is dispatched on. */
import type { DispatchAction } from './subjects.ts';
import type { WireCategory, WireModel } from './vocabulary.ts';

export interface DispatchRoute {
  /** Core NATS only: nothing is stored. */
  isVoid: boolean;
  /** The action of a run's first message. */
  action: DispatchAction;
  /** Who the subject's last token names; missing when the subject ends with the job. */
  target?: 'worker' | 'group' | 'agent';
}

/** How a job of this category and model is dispatched; undefined for a pair that does not exist (map ultra). */
export function dispatchRoute(category: WireCategory, model: WireModel): DispatchRoute | undefined {
  if (category === 'group') return model === 'pro' ? { isVoid: false, action: 'group-start', target: 'group' } : undefined;
  if (category === 'agent') return model === 'pro' ? { isVoid: false, action: 'agent-start', target: 'agent' } : undefined;
  const isVoid = model === 'lite';
  if (category === 'map') return model === 'ultra' ? undefined : { isVoid, action: 'pre-start' };
  return model === 'ultra' ? { isVoid, action: 'client-start', target: 'worker' } : { isVoid, action: 'start' };
}
