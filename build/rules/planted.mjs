// Planted breaches: for each rule a small file that breaks it and must be seen. Used by check-layers.mjs only.

/** Files that make the planted tree whole; they break nothing. */
export const CLEAN = {
  'package.json': '{ "name": "planted", "type": "module", "devDependencies": { "dev-tool": "1.0.0", "electron": "1.0.0" }, "dependencies": { "croner": "1.0.0" } }\n',
  'node_modules/croner/package.json': '{ "name": "croner", "version": "1.0.0", "main": "index.js" }\n',
  'node_modules/croner/index.js': 'module.exports = {};\n',
  'node_modules/dev-tool/package.json': '{ "name": "dev-tool", "version": "1.0.0", "main": "index.js" }\n',
  'node_modules/dev-tool/index.js': 'module.exports = {};\n',
  'node_modules/electron/package.json': '{ "name": "electron", "version": "1.0.0", "main": "index.js" }\n',
  'node_modules/electron/index.js': 'module.exports = {};\n',
  'src-core/index.ts': "export * from './engine/good.ts';\nexport * from './sql/index.ts';\n",
  'src-core/domain/run.ts': 'export interface Run { readonly id: string }\n',
  'src-core/domain/ring-b.ts': "import { a } from './ring-a.ts';\nexport const b: number = a;\n",
  'src-core/schedule/good.ts': "import 'croner';\nimport type { Run } from '../domain/run.ts';\nexport type Next = Run;\n",
  'src-core/ports/store.ts': "import type { Run } from '../domain/run.ts';\nexport interface Store { save(run: Run): void }\n",
  'src-core/engine/good.ts': "import type { Store } from '../ports/store.ts';\nexport const use = (store: Store) => store;\n",
  'src-core/sql/index.ts': "import type { Store } from '../ports/store.ts';\nexport type SqlStore = Store;\n",
  'src-core/sql/inner.ts': 'export const inner = 1;\n',
  'src-core/nats/lease-store.ts': 'export const lease = 1;\n',
  'src-core/http/contract.ts': 'export interface Answer { readonly ok: boolean }\n',
  'src-main/good.ts': "import type { SqlStore } from '../src-core/sql/index.ts';\nexport type Main = SqlStore;\n",
  'src-renderer/good.ts': "import type { Answer } from '../src-core/http/contract.ts';\nexport type Panel = Answer;\n",
  'test/support/helper.ts': 'export const helper = 1;\n',
};

/** [layer rule, file, content]: dependency-cruiser must report this rule for this file. */
export const LAYER_BREACHES = [
  ['no-circular', 'src-core/domain/ring-a.ts', "import { b } from './ring-b.ts';\nexport const a: number = b;\n"],
  ['every-import-resolves', 'src-core/sql/lost.ts', "import './nowhere.ts';\n"],
  ['pure-imports-pure', 'src-core/domain/files.ts', "import 'node:fs';\n"],
  ['pure-imports-pure', 'src-core/decide/types.ts', "import type { Store } from '../ports/store.ts';\nexport type T = Store;\n"],
  ['croner-only-in-schedule', 'src-core/decide/cron.ts', "import 'croner';\n"],
  ['ports-are-types-of-pure-things', 'src-core/ports/leaky.ts', "import type { SqlStore } from '../sql/index.ts';\nexport type L = SqlStore;\n"],
  ['engine-knows-ports-only', 'src-core/engine/direct.ts', "import { inner } from '../sql/inner.ts';\nexport const e = inner;\n"],
  ['engine-knows-ports-only', 'src-core/engine/timers.ts', "import 'node:timers';\n"],
  ['adapters-are-peers', 'src-core/http/peek.ts', "import type { SqlStore } from '../sql/index.ts';\nexport type P = SqlStore;\n"],
  ['adapters-are-peers', 'src-core/http/engine.ts', "import { use } from '../engine/good.ts';\nexport const u = use;\n"],
  ['adapters-are-peers', 'src-core/nats/plan.ts', "import type { Next } from '../schedule/good.ts';\nexport type N = Next;\n"],
  ['worker-has-no-engine', 'src-core/worker/engine.ts', "import { use } from '../engine/good.ts';\nexport const u = use;\n"],
  ['worker-has-no-engine', 'src-core/worker/lease.ts', "import { lease } from '../nats/lease-store.ts';\nexport const l = lease;\n"],
  ['main-uses-doorways', 'src-main/inside.ts', "import { inner } from '../src-core/sql/inner.ts';\nexport const i = inner;\n"],
  ['panel-sees-contract-only', 'src-renderer/store.ts', "import type { Store } from '../src-core/ports/store.ts';\nexport type S = Store;\n"],
  ['core-knows-no-shell', 'src-core/system/helper.ts', "import { helper } from '../../test/support/helper.ts';\nexport const h = helper;\n"],
  ['product-knows-no-tools', 'src-main/helper.ts', "import { helper } from '../test/support/helper.ts';\nexport const h = helper;\n"],
  ['no-dev-dependency-in-product', 'src-main/tool.ts', "import 'dev-tool';\n"],
  ['electron-only-in-desktop-entries', 'src-main/desktop/tray.ts', "import { app } from 'electron';\nexport const quit = () => app.quit();\n"],
];

/** [lint rule, file, content]: oxlint must report this rule for this file. */
export const LINT_BREACHES = [
  ['no-restricted-globals', 'src-core/domain/date.ts', 'export const now = () => Date.now();\n'],
  ['no-restricted-globals', 'src-core/decide/timer.ts', 'export const later = (f: () => void) => setTimeout(f, 1);\n'],
  ['no-restricted-globals', 'src-core/wire/buffer.ts', "export const bytes = () => Buffer.from('x');\n"],
  ['no-restricted-globals', 'src-core/wire/print.ts', "export const print = () => console.log('x');\n"],
  ['no-restricted-globals', 'src-core/schedule/process.ts', 'export const id = () => process.pid;\n'],
  ['no-restricted-globals', 'src-core/engine/clock.ts', 'export const now = () => new Date();\n'],
  ['no-restricted-properties', 'src-core/decide/chance.ts', 'export const chance = () => Math.random();\n'],
  ['no-restricted-properties', 'src-core/schedule/now.ts', 'export const now = () => Date.now();\n'],
  ['no-restricted-properties', 'src-core/engine/chance.ts', 'export const chance = () => Math.random();\n'],
  ['no-nodejs-modules', 'src-core/wire/path.ts', "import path from 'node:path';\nexport const sep = path.sep;\n"],
  ['no-process-env', 'src-core/sql/env.ts', 'export const home = () => process.env.HOME;\n'],
  ['no-console', 'src-core/http/print.ts', "export const print = () => console.log('x');\n"],
  ['no-cycle', 'src-core/domain/ring-a.ts', "import { b } from './ring-b.ts';\nexport const a: number = b;\n"],
  ['max-lines', 'src-core/sql/long.ts', Array.from({ length: 401 }, (_, i) => `export const line${i} = ${i};\n`).join('')],
];

/** [file, content]: tsc without Node's types must refuse this file. */
export const TYPE_BREACHES = [
  ['src-core/domain/process.ts', 'export const id = (): unknown => process.pid;\n'],
  ['src-core/wire/timer.ts', 'export const later = (f: () => void): void => void setTimeout(f, 1);\n'],
  ['src-core/decide/buffer.ts', "export const bytes = (): unknown => Buffer.from('x');\n"],
];
