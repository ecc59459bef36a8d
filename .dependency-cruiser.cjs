/** The capabilities of shared/, each may use those before it. `kernel` is what everything may use. */
const LAYERS = [
  'kernel',
  'usage',
  'expression',
  'mail',
  'connection',
  'step',
  'executor',
  'audit',
  'access',
  'workflow',
  'file',
  'run',
  'task',
  'suite',
  'trigger',
  'console',
  'live',
  'job',
  'api',
];

/** Clients, conditional writes, logs; HTTP and OpenAPI. They know no resource, and only what is named for it may use them. */
const GENERIC = ['aws', 'edge'];
const ADAPTER = '\\.(dynamo|s3|sfn|ses|kms|scheduler|metrics|jose|gateway|eventbridge)\\.ts$';
const SDK = 'node_modules/(@aws-sdk|@smithy|aws-cdk-lib|@middy|@aws-lambda-powertools)/';

const upward = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `${layer}-is-below`,
  comment: `Arrows point down: ${LAYERS.join(' < ')}.`,
  severity: 'error',
  from: { path: `^shared/${layer}/` },
  to: { path: `^shared/(${LAYERS.slice(index + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'generic-knows-no-resource',
      severity: 'error',
      from: { path: `^shared/(${GENERIC.join('|')})/` },
      to: { path: '^shared/', pathNot: `^shared/(kernel|${GENERIC.join('|')})/` },
    },
    {
      name: 'plain-knows-no-aws',
      comment:
        'Plain files speak through ports; what imports the SDK says so in its name. Executors reach outside, also into AWS.',
      severity: 'error',
      from: { path: '^shared/', pathNot: [`^shared/(${GENERIC.join('|')}|executor)/`, ADAPTER] },
      to: { path: ['^shared/aws/', SDK] },
    },
    {
      name: 'plain-knows-no-http',
      severity: 'error',
      from: { path: '^shared/', pathNot: ['^shared/(edge|api)/', '\\.http\\.ts$'] },
      to: { path: ['^shared/edge/', '\\.http\\.ts$'] },
    },
    {
      name: 'adapters-are-wired-at-the-end',
      comment: 'Only functions choose adapters.',
      severity: 'error',
      from: { path: '^shared/', pathNot: ADAPTER },
      to: { path: ADAPTER },
    },
    {
      name: 'executors-are-for-the-worker',
      severity: 'error',
      from: { path: '^(shared|functions)/', pathNot: ['^shared/executor/', '^functions/worker/'] },
      to: { path: '^shared/executor/' },
    },
    {
      name: 'shared-is-the-core',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(functions|local|infra|bench|web)/' },
    },
    {
      name: 'functions-know-no-host',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^(local|infra|bench)/' },
    },
    {
      name: 'local-imitates-aws-only',
      comment: 'The embedded cloud reads the template; it has no rule about runs or workflows.',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^shared/', pathNot: '^shared/kernel/' },
    },
    { name: 'no-circles', comment: 'Types count.', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circles-of-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'no-tests-in-product',
      severity: 'error',
      from: { path: '^(shared|functions|infra|local)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^web/dist/' },
    // TypeScript 7 has no API that dependency-cruiser can use; without a parser for .ts it would see no module at all.
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
