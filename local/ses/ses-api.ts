import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws/aws-error.ts';
import { readBody } from '../aws/body.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { shownError } from '../disk.ts';
import { escapeXml } from '../s3/xml.ts';
import { headerIn, headersOf } from './headers.ts';
import type { Outbound } from './outbound.ts';
import type { ReceiptRules } from './receipt-rules.ts';

const NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/';
/** A mail of 40 MB, as base64 in a form. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

type Operation = (form: URLSearchParams) => Promise<string>;

/** The part of the SES API (v1, Query protocol) that sends mail and activates rule sets. */
export class SesApi {
  readonly #operations: Record<string, Operation>;
  readonly #identities: string[];
  readonly #rules: ReceiptRules;
  readonly #outbound: Outbound;

  constructor(stack: Stack, { rules, outbound }: { rules: ReceiptRules; outbound: Outbound }) {
    this.#rules = rules;
    this.#outbound = outbound;
    this.#identities = stack
      .ofType('AWS::SES::EmailIdentity')
      .map(({ properties }) => String(properties['EmailIdentity']).toLowerCase());
    this.#operations = {
      SendRawEmail: (form) => this.#sendRaw(form),
      SendEmail: (form) => this.#send(form),
      SetActiveReceiptRuleSet: (form) => this.#activate(form),
      DescribeActiveReceiptRuleSet: async () =>
        rules.active === undefined ? '' : `<Metadata><Name>${escapeXml(rules.active)}</Name></Metadata><Rules/>`,
    };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const form = new URLSearchParams((await readBody(request, MAX_BODY_BYTES)).toString());
      const name = form.get('Action') ?? '';
      const operation = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
      if (!operation) throw new AwsError('InvalidAction', `The operation ${name} is not served by the embedded cloud`);
      const result = await operation(form);
      const body = `<${name}Result>${result}</${name}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`;
      send(response, 200, `<${name}Response xmlns="${NAMESPACE}">${body}</${name}Response>`);
    } catch (error) {
      const known = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
      if (known.status >= 500) console.error(shownError(error));
      const about = `<Type>Sender</Type><Code>${known.name}</Code><Message>${escapeXml(known.message)}</Message>`;
      send(
        response,
        known.status,
        `<ErrorResponse xmlns="${NAMESPACE}"><Error>${about}</Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
      );
    }
  }

  async #sendRaw(form: URLSearchParams): Promise<string> {
    const raw = Buffer.from(form.get('RawMessage.Data') ?? '', 'base64');
    const headers = headersOf(raw);
    const source = form.get('Source') ?? addressIn(headerIn(headers, 'from') ?? '');
    const named = ['to', 'cc', 'bcc'].flatMap((name) => (headerIn(headers, name) ?? '').split(',').map(addressIn));
    const destinations = members(form, 'Destinations.member');
    return this.#out(source, destinations.length > 0 ? destinations : named.filter(Boolean), raw);
  }

  async #send(form: URLSearchParams): Promise<string> {
    const to = members(form, 'Destination.ToAddresses.member');
    const source = form.get('Source') ?? '';
    const html = form.get('Message.Body.Html.Data');
    const lines = [
      `From: ${source}`,
      `To: ${to.join(', ')}`,
      `Subject: =?utf-8?B?${Buffer.from(form.get('Message.Subject.Data') ?? '').toString('base64')}?=`,
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'MIME-Version: 1.0',
      `Content-Type: text/${html === null ? 'plain' : 'html'}; charset=utf-8`,
      'Content-Transfer-Encoding: base64',
    ].map((line) => line.replace(/[\r\n]+/g, ' '));
    const body = Buffer.from(html ?? form.get('Message.Body.Text.Data') ?? '')
      .toString('base64')
      .replace(/.{76}/g, '$&\r\n');
    return this.#out(source, to, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}\r\n`));
  }

  async #out(source: string, recipients: string[], raw: Buffer): Promise<string> {
    const sender = addressIn(source);
    const domain = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase();
    if (!this.#identities.some((identity) => identity === domain || identity === sender.toLowerCase()))
      throw new AwsError(
        'MessageRejected',
        `Email address is not verified. The following identities failed the check: ${sender}`,
      );
    if (recipients.length === 0 || raw.length === 0)
      throw new AwsError('InvalidParameterValue', 'There is no recipient, or no mail');
    return `<MessageId>${await this.#outbound.send(sender, recipients, raw)}</MessageId>`;
  }

  async #activate(form: URLSearchParams): Promise<string> {
    const name = form.get('RuleSetName') ?? undefined;
    if (name !== undefined && !this.#rules.has(name))
      throw new AwsError('RuleSetDoesNotExist', `Rule set does not exist: ${name}`);
    this.#rules.active = name;
    return '';
  }
}

const addressIn = (text: string) => /<([^<>]*)>/.exec(text)?.[1]?.trim() ?? text.trim();

function members(form: URLSearchParams, prefix: string): string[] {
  return [...form].flatMap(([name, value]) => (name.startsWith(`${prefix}.`) ? [addressIn(value)] : []));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
