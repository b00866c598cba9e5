// The program without a window: reads its command line, does it, ends with the exit code.
import { runCommandLine } from './cli/run-command-line.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT } from './cli/exit-codes.ts';

/** Whatever is still open after this long is not worth waiting for. */
const LAST_WAIT_MS = 2_000;

// A pipe whose reader has gone (natsjob job ls | head) is not an error of ours.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

try {
  process.exitCode = await runCommandLine(
    {
      argv: process.argv.slice(2),
      env: process.env,
      cwd: process.cwd(),
      programDir: import.meta.dirname,
      print: (line) => process.stdout.write(`${line}\n`),
      say: (line) => process.stderr.write(`${line}\n`),
    },
    COMMANDS,
  );
} catch (error) {
  process.stderr.write(`natsjob: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = EXIT.internal;
}
setTimeout(() => process.exit(), LAST_WAIT_MS).unref();
