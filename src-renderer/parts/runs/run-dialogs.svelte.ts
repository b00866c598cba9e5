import type { RunResource } from '../../../src-core/http/contract.ts';
import type { RunMenuWishes } from './run-menu.ts';

/** Which run is being asked about. */
export class RunDialogState implements RunMenuWishes {
  cancelling = $state.raw<RunResource | undefined>();
  /** Stays when the dialog is closed: what it started is told after that. */
  rerunning = $state.raw<RunResource | undefined>();
  isRerunOpen = $state(false);

  cancel(run: RunResource): void {
    this.cancelling = run;
  }

  rerunWith(run: RunResource): void {
    this.rerunning = run;
    this.isRerunOpen = true;
  }
}
