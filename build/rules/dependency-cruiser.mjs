// Who may import whom. The words are in ARCHITECTURE.md; check-layers.mjs proves with planted breaches that every rule sees.
const PURE = '^src-core/(domain|schedule|decide|wire)/';
const OF_ANY_CLIENT = 'ask-again|bucket|client-internals|connection|delivery|errors|fast-reader|header-block|incoming|last-look|publish-ack|publish-batch|round-trip|server-list';
const ADAPTERS = '^src-core/(nats|sql|http|system)/';

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
  { name: 'every-import-resolves', severity: 'error', from: { path: '^src-' }, to: { couldNotResolve: true } },
  {
    name: 'pure-imports-pure', severity: 'error',
    from: { path: PURE }, to: { pathNot: [PURE, 'node_modules/croner/'] },
  },
  {
    name: 'croner-only-in-schedule', severity: 'error',
    from: { path: '^src-(core|main|renderer)/', pathNot: '^src-core/schedule/' }, to: { path: 'node_modules/croner/' },
  },
  {
    name: 'ports-are-types-of-pure-things', severity: 'error',
    from: { path: '^src-core/ports/' }, to: { pathNot: [PURE, '^src-core/ports/'] },
  },
  {
    name: 'engine-knows-ports-only', severity: 'error',
    from: { path: '^src-core/engine/' }, to: { pathNot: [PURE, '^src-core/(ports|engine)/'] },
  },
  {
    name: 'adapters-are-peers', severity: 'error',
    from: { path: ADAPTERS }, to: { path: '^src-core/', pathNot: '^src-core/($1|ports|domain|wire)/' },
  },
  {
    name: 'worker-has-no-engine', severity: 'error',
    // Of src-core/nats it has what any client may use: nothing that leads, or that keeps what a leader knows.
    from: { path: '^src-core/worker/' },
    to: { path: '^src-core/', pathNot: ['^src-core/(worker|domain|wire|schedule)/', '^src-core/ports/(clock|log)[.]ts$', `^src-core/nats/(${OF_ANY_CLIENT})[.]ts$`] },
  },
  {
    name: 'main-uses-doorways', severity: 'error',
    from: { path: '^src-main/' },
    to: { path: '^src-core/', pathNot: ['^src-core/index[.]ts$', '^src-core/(nats|sql|http|system|worker)/index[.]ts$', '^src-core/http/contract[.]ts$'] },
  },
  {
    name: 'panel-sees-contract-only', severity: 'error',
    from: { path: '^src-renderer/' }, to: { path: '^src-(core|main)/', pathNot: '^src-core/http/contract[.]ts$' },
  },
  {
    name: 'core-knows-no-shell', severity: 'error',
    from: { path: '^src-core/' }, to: { path: '^(src-main|src-renderer|test|build|bench)/|node_modules/electron/' },
  },
  {
    name: 'product-knows-no-tools', severity: 'error',
    from: { path: '^src-(main|renderer)/' }, to: { path: '^(test|build|bench)/' },
  },
  {
    name: 'no-dev-dependency-in-product', severity: 'error',
    from: { path: '^src-(core|main)/' }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/electron(-updater)?/' },
  },
  {
    // What the desktop decides has to run without Electron: it comes in through the two entries, everywhere else it is types.
    name: 'electron-only-in-desktop-entries', severity: 'error',
    from: { path: '^src-', pathNot: '^src-main/(desktop|preload)[.]ts$' }, to: { path: 'node_modules/electron(-updater)?/', dependencyTypesNot: ['type-only'] },
  },
];

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.svelte'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
