import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody } from './aws/body.ts';
import type { Stack } from './cloudformation/stack.ts';
import { isCustomResource } from './cloudformation/types.ts';
import type { Functions } from './lambda/functions.ts';

/** Where functions report to; no bucket can have this name. */
const PATH = '/_custom-resource/';
const MAX_REPORT_BYTES = 64 * 1024;

const report = z.looseObject({ Status: z.enum(['SUCCESS', 'FAILED']), Reason: z.string().optional() });

/** The custom resources of the stack, created at every start as CloudFormation creates them at the first deployment. */
export class CustomResources {
  readonly #expected = new Map<string, (outcome: z.infer<typeof report>) => void>();

  /** Whether a request is a function's report. */
  owns(request: IncomingMessage): boolean {
    return request.method === 'PUT' && request.url?.startsWith(PATH) === true;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const outcome = report.parse(JSON.parse((await readBody(request, MAX_REPORT_BYTES)).toString()));
    this.#expected.get(request.url?.slice(PATH.length) ?? '')?.(outcome);
    response.writeHead(200, { 'content-length': 0 });
    response.end();
  }

  /** Throws when one of them cannot be created. */
  async create(stack: Stack, functions: Functions, endpoint: string): Promise<void> {
    const resources = stack.resources.filter(({ type }) => isCustomResource(type));
    await Promise.all(
      resources.map(async ({ logicalId, type, properties }) => {
        const serviceToken = z.string().parse(properties['ServiceToken']);
        const id = randomUUID();
        const { promise: reported, resolve } = Promise.withResolvers<z.infer<typeof report>>();
        this.#expected.set(id, resolve);
        const event = {
          RequestType: 'Create',
          ServiceToken: serviceToken,
          ResponseURL: `${endpoint}${PATH}${id}`,
          StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/millrun/embedded',
          RequestId: id,
          LogicalResourceId: logicalId,
          ResourceType: type,
          ResourceProperties: properties,
        };
        await functions.invoke(serviceToken, event);
        // A function may report before it returns, and CloudFormation waits for the report, not for the return.
        const silence = { Status: 'FAILED' as const, Reason: 'it did not report' };
        const timer = new Promise<z.infer<typeof report>>((done) => setTimeout(() => done(silence), 2000).unref());
        const { Status, Reason } = await Promise.race([reported, timer]);
        this.#expected.delete(id);
        if (Status === 'FAILED') throw new Error(`${logicalId} (${type}) was not created: ${Reason ?? 'no reason given'}`);
      }),
    );
  }
}
