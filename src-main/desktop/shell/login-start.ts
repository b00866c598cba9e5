import { chmodSync, rmSync } from 'node:fs';
import { loginPlan, type LoginSurroundings } from '../model/login-item.ts';
import { writeWhole } from './desktop-files.ts';
import type { ElectronParts } from './electron-parts.ts';

/** Makes the system start the program at login, or no longer do so. */
export function setLoginStart(openAtLogin: boolean, app: Pick<ElectronParts['app'], 'setLoginItemSettings'>, around: LoginSurroundings): void {
  const plan = loginPlan(openAtLogin, around);
  if (plan.kind === 'system') return app.setLoginItemSettings(plan.settings);
  if (plan.text === undefined) return rmSync(plan.path, { force: true });
  writeWhole(plan.path, plan.text);
  chmodSync(plan.path, 0o644);
}
