import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { ACCOUNT, arn } from './account.ts';
import { AwsError, asAwsError } from './aws-error.ts';
import { readBody } from './body.ts';

/** STS, as far as people and steps ask it: where they are, and for roles of this account, which trust everybody who gives an external id. */
export async function answerSts(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams((await readBody(request, 64 * 1024)).toString());
  const action = form.get('Action') ?? '';
  try {
    const answer = answerOf(action, resultOf(action, form));
    response.writeHead(200, { 'content-type': 'text/xml' }).end(answer);
  } catch (error) {
    const { name, message, status } = asAwsError(error, 'InternalFailure');
    response
      .writeHead(status, { 'content-type': 'text/xml' })
      .end(
        `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${name}</Code><Message>${message.replaceAll(/[&<>]/g, ' ')}</Message></Error></ErrorResponse>`,
      );
  }
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

function resultOf(action: string, form: URLSearchParams): string {
  if (action === 'GetCallerIdentity')
    return `<Arn>${arn('iam', 'root', { region: '' })}</Arn><UserId>${ACCOUNT}</UserId><Account>${ACCOUNT}</Account>`;
  if (action === 'AssumeRole') return assumed(Object.fromEntries(form));
  throw new AwsError('InvalidAction', `The operation ${action} is not served by the embedded cloud`);
}

const answerOf = (action: string, result: string) =>
  `<${action}Response xmlns="${NAMESPACE}"><${action}Result>${result}</${action}Result>` +
  `<ResponseMetadata><RequestId>embedded</RequestId></ResponseMetadata></${action}Response>`;

const asked = z.object({
  RoleArn: z.string().regex(/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/),
  ExternalId: z.string().min(2).optional(),
  DurationSeconds: z.coerce.number().int().min(900).max(43_200).default(3_600),
});

function assumed(form: Record<string, string>): string {
  const { RoleArn: role, RoleSessionName: session, ExternalId: id, DurationSeconds: seconds } = asked.parse(form);
  if (role.split(':')[4] !== ACCOUNT || id === undefined)
    throw new AwsError(
      'AccessDenied',
      `User: ${arn('iam', 'root', { region: '' })} is not authorized to perform: sts:AssumeRole on resource: ${role}`,
      403,
    );
  const name = `${role.split('/').at(-1)}/${session}`;
  return (
    `<Credentials><AccessKeyId>ASIA${randomBytes(8).toString('hex').toUpperCase()}</AccessKeyId>` +
    `<SecretAccessKey>${randomBytes(20).toString('hex')}</SecretAccessKey><SessionToken>${id}.${randomBytes(32).toString('hex')}</SessionToken>` +
    `<Expiration>${new Date(Date.now() + seconds * 1000).toISOString()}</Expiration></Credentials>` +
    `<AssumedRoleUser><Arn>${arn('sts', `assumed-role/${name}`, { region: '' })}</Arn><AssumedRoleId>AROAEMBEDDED:${session}</AssumedRoleId></AssumedRoleUser>`
  );
}
