import { describe, expect, test } from 'vitest';
import { probeNats } from '../../src-core/nats/index.ts';
import { canStartProgram, startProgram } from '../support/program.ts';

describe.skipIf(!(await canStartProgram()))('serve --stop-with-stdin', () => {
  test('stops in order when standard input closes, and its NATS server with it', async () => {
    await using program = await startProgram({ stopsWithInput: true });
    expect(await probeNats(program.natsUrl)).toBe('jetstream');
    expect(await program.closeInput()).toBe(0);
    expect(program.output()).toContain('"msg":"Stopped"');
    expect(program.natsPid()).toBeUndefined();
    expect(await probeNats(program.natsUrl)).toBe('nothing');
  });

  test('still stops at a signal while standard input is open', async () => {
    await using program = await startProgram({ stopsWithInput: true });
    expect(await program.stop()).toBe(0);
    expect(program.output()).toContain('"msg":"Stopped"');
  });
});
