import { describe, expect, it } from 'vitest';
import { notifyListener } from '../support/notify-listener.ts';
import { canStartProgram, startProgram } from '../support/program.ts';
import { sparePort } from '../support/spare-port.ts';
import { hasPython, hasSystemdTool } from '../support/systemd.ts';
import { until } from '../support/until.ts';

const CAN_RUN = (await canStartProgram()) && hasSystemdTool('systemd-notify') && hasPython();

describe.skipIf(!CAN_RUN)('systemd hears', () => {
  it('when the scheduler is ready, that it lives, and that it stops', async () => {
    await using listener = await notifyListener();
    await using program = await startProgram({ untilReady: false, env: { NOTIFY_SOCKET: listener.socket, WATCHDOG_USEC: '1500000' } });
    const ready = await listener.heard('READY=1');
    // Together with it, so said at the moment when it was.
    expect(listener.messages[ready]).toEqual(expect.arrayContaining([`MAINPID=${program.pid}`, expect.stringMatching(/^STATUS=Ready as /)]));
    await listener.heard('STATUS=Ready as leader');
    await program.untilReady();
    const beats = (): number => listener.messages.flat().filter((word) => word === 'WATCHDOG=1').length;
    await until(() => beats() >= 4, { what: () => `four beats in ${JSON.stringify(listener.messages)}` });
    expect(listener.messages.flat()).not.toContain('STOPPING=1');

    expect(await program.stop()).toBe(0);
    expect(await listener.heard('STOPPING=1')).toBe(listener.messages.length - 1);
  });

  it('that it waits for NATS, and not that it is ready', async () => {
    await using listener = await notifyListener();
    const natsPort = await sparePort();
    await using program = await startProgram({ untilReady: false, env: { NOTIFY_SOCKET: listener.socket, NATSJOB_NATS_URL: `nats://127.0.0.1:${natsPort}` } });
    await listener.heard(/^STATUS=Not ready: .*NATS is not connected/);
    expect(listener.messages.flat()).not.toContain('READY=1');
    expect(listener.messages.flat()).not.toContain('WATCHDOG=1');
    expect(await program.stop()).toBe(0);
  });

  it('nothing without systemd-notify: one line in the log says so, and the scheduler runs', async () => {
    await using listener = await notifyListener();
    await using program = await startProgram({ env: { NOTIFY_SOCKET: listener.socket, PATH: '/nonexistent' } });
    await until(() => program.output().includes('systemd-notify cannot be run'), { what: () => `the line in ${program.output()}` });
    expect(await program.stop()).toBe(0);
    expect(program.output().split('systemd-notify cannot be run').length).toBe(2);
    expect(listener.messages).toEqual([]);
  });
});
