import type { IncomingMessage, ServerResponse } from 'node:http';
import { ACCOUNT, arn } from './account.ts';
import { AwsError } from './aws-error.ts';
import { readBody } from './body.ts';

/** `aws sts get-caller-identity`, which people and tools call to see where they are. */
export async function answerSts(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams((await readBody(request, 64 * 1024)).toString());
  if (form.get('Action') !== 'GetCallerIdentity') {
    throw new AwsError('InvalidAction', `The operation ${form.get('Action')} is not served by the embedded cloud`);
  }
  response.writeHead(200, { 'content-type': 'text/xml' });
  response.end(
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<Arn>${arn('iam', 'root', { region: '' })}</Arn><UserId>${ACCOUNT}</UserId><Account>${ACCOUNT}</Account>` +
      '</GetCallerIdentityResult><ResponseMetadata><RequestId>embedded</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
  );
}
