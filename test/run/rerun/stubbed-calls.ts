import * as z from 'zod';
import type { operatorOf } from '../control/operator.ts';
import type { setting } from '../setting.ts';

export const problem = z.object({
  message: z.string(),
  details: z.array(z.object({ name: z.string(), value: z.unknown() })),
});
export const warned = z.looseObject({ warnings: z.array(z.string()) });

/** Steps that call the stub server, and what became of them. */
export const stubbedCalls = (at: ReturnType<typeof setting>, operator: ReturnType<typeof operatorOf>) => ({
  call: (id: string, path: string, more: object = {}) => ({
    id,
    http: { method: 'POST', url: at.stub.url + path, query: { run: '${ $run.id }', id }, body: {} },
    output: '${ body.query.id }',
    ...more,
  }),
  through: async (steps: object[], more: object = {}, inputs = {}) => {
    const { id } = await at.api.start(await at.api.publish({ steps, ...more }), inputs);
    return operator.ended(id);
  },
  /** The steps of a run that have called, in order. */
  callsOf: (run: { id: string }) => at.stub.calls.filter(({ query }) => query['run'] === run.id).map(({ query }) => query['id']),
  /** Fails until it is mended. */
  breakable: (path: string) => {
    at.stub.on(path, { status: 500 });
    return { mend: () => at.stub.on(path, { body: { query: { id: 'mended' } } }) };
  },
  reusedOf: async (id: string) =>
    Object.values(await at.api.context(id))
      .filter(({ reused }) => reused !== null)
      .map(({ key }) => key),
});
