import type { SettingResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { Loaded } from '../../state/list.svelte.ts';

/** All settings of the server as they are in force. */
export function loadSettings(): Loaded<readonly SettingResource[]> {
  return new Loaded(async (signal) => (await api.get<{ items: readonly SettingResource[] }>('settings', {}, signal)).items);
}
