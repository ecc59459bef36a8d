/** Arrows point inward: functions, local and infra use shared; the domain folders of shared import no AWS and no http. */
module.exports = {
  forbidden: [
    {
      name: 'domain-knows-no-aws',
      comment: 'The domain speaks through ports; adapters live in shared/aws.',
      severity: 'error',
      from: { path: '^shared/(run|workflow|step|access|trigger|file)/' },
      to: { path: ['^shared/aws/', '^shared/http/', 'node_modules/(@aws-sdk|aws-cdk-lib|@middy|@aws-lambda-powertools)/'] },
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
      to: { path: '^shared/(run|workflow|step|access|trigger|file|http|aws)/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'no-tests-in-product',
      severity: 'error',
      from: { path: '^(shared|functions|infra|local)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // TypeScript 7 has no API that dependency-cruiser can use; without a parser for .ts it would see no module at all.
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
