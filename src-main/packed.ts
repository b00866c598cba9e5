// Entry of the packed program. Compiling its one big module is a third of a start, so V8's work is kept in the data folder
// and read back the next time; then the program is loaded as ever.
import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeCacheFolder } from './code-cache.ts';

/** By then it has started, and what a start needs is compiled. One that is killed later has it for the next time. */
const KEEP_AFTER_MS = 15_000;

const folder = codeCacheFolder({ argv: process.argv.slice(2), environment: process.env, cwd: process.cwd(), programDir: import.meta.dirname });
if (folder !== undefined) {
  enableCompileCache(folder);
  setTimeout(flushCompileCache, KEEP_AFTER_MS).unref();
}
await import(pathToFileURL(path.join(import.meta.dirname, 'headless.mjs')).href);
