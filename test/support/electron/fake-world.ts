import { startWorld, type DesktopWorld, type DesktopWorldOptions } from './desktop-world.ts';
import { FakeUtility, IDLE } from './fake-utility.ts';
import { VirtualTimers } from './virtual-timers.ts';

export const URL_OF_PANEL = 'http://127.0.0.1:7788';

export interface FakeWorld extends DesktopWorld {
  readonly timers: VirtualTimers;
  /** Those that were started, in order. */
  readonly schedulers: readonly FakeUtility[];
  scheduler(): FakeUtility;
  /** The scheduler says where it is, and that nothing runs; resolves when the window shows it. */
  ready(): Promise<void>;
  /** What was asked for and promised is done. */
  settled(): Promise<void>;
}

/** The shell on the stand-in, with a scheduler that does what the test says, and its own time. */
export async function startFakeWorld(options: DesktopWorldOptions = {}): Promise<FakeWorld> {
  const timers = new VirtualTimers();
  const schedulers: FakeUtility[] = [];
  const world = await startWorld({
    ...options, around: { timers, ...options.around },
    fork: () => {
      const made = new FakeUtility();
      schedulers.push(made);
      return made;
    },
  });
  const settled = async (): Promise<void> => {
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  };
  const scheduler = (): FakeUtility => {
    const last = schedulers.at(-1);
    if (!last) throw new Error('no scheduler was started');
    return last;
  };
  return {
    ...world, timers, schedulers, scheduler, settled,
    async ready() {
      scheduler().say({ type: 'ready', url: URL_OF_PANEL });
      scheduler().say({ type: 'state', state: IDLE });
      await settled();
    },
  };
}
