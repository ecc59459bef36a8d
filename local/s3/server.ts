import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BodyTooLarge, readBody, SenderGone } from '../aws/body.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { shownError } from '../disk.ts';
import type { Usage } from '../usage/usage.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { answerCors, type CorsRule, corsOf } from './bucket-cors.ts';
import { listing } from './list.ts';
import { MultipartUploads } from './multipart.ts';
import { ObjectFiles, type StoredObject } from './object-files.ts';
import { postForm } from './post-form.ts';
import { checkPresigned } from './presigned.ts';
import { S3Error } from './s3-error.ts';
import { xmlDocument } from './xml.ts';

/** Objects, and parts of them, are held in memory while they are received. */
const MAX_OBJECT_BYTES = 512 * 1024 * 1024;
const KEPT_HEADERS = /^(content-type|content-disposition|content-language|cache-control|expires|x-amz-meta-.+)$/;
/** Parameters that do not change what an operation is. */
const PLAIN_QUERY =
  /^(x-id|list-type|prefix|delimiter|max-keys|continuation-token|start-after|encoding-type|fetch-owner|response-.+|X-Amz-.+|x-amz-checksum-mode|uploads|uploadId|partNumber)$/;

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  bucket: string;
  key: string;
}

/** S3 for the buckets of the stack, path style: the operations that the service and a person with the AWS CLI use. */
export class S3 {
  readonly #buckets: Map<string, ObjectFiles>;
  readonly #uploads: Map<string, MultipartUploads>;
  readonly #cors: Map<string, CorsRule[]>;
  readonly #usage: Usage['s3'];
  readonly #secret: string;
  readonly #since = new Date().toISOString();

  constructor(stack: Stack, { folder, usage, secret }: { folder: string; usage: Usage['s3']; secret: string }) {
    this.#buckets = new Map(stack.ofType('AWS::S3::Bucket').map(({ name }) => [name, new ObjectFiles(join(folder, name))]));
    // No bucket has a name that begins with a dot.
    const uploads = (name: string) => new MultipartUploads(new ObjectFiles(join(folder, '.uploads', name)));
    this.#uploads = new Map(stack.ofType('AWS::S3::Bucket').map(({ name }) => [name, uploads(name)]));
    this.#cors = new Map(stack.ofType('AWS::S3::Bucket').map((bucket) => [bucket.name, corsOf(bucket)]));
    this.#usage = usage;
    this.#secret = secret;
  }

  /** `signed`: a header has shown that the caller may do everything. */
  async answer(request: IncomingMessage, response: ServerResponse, signed: boolean): Promise<void> {
    try {
      await this.#route(callOf(request, response), signed);
    } catch (error) {
      const known = s3ErrorOf(error);
      if (known.status >= 500 && known.name !== 'NotImplemented') console.error(shownError(error));
      if (response.headersSent) return void response.destroy();
      // The rest of a body that nobody reads would be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close');
      const body = { Code: known.name, Message: known.message, RequestId: randomUUID() };
      send(response, known.status, known.status === 304 || request.method === 'HEAD' ? '' : xmlDocument('Error', body, false));
    }
  }

  async #route(call: Call, signed: boolean): Promise<void> {
    const { request, response, query, bucket, key } = call;
    const method = request.method ?? '';
    const other = [...query.keys()].find((name) => !PLAIN_QUERY.test(name));
    if (other !== undefined) throw notServed(`${method} ?${other}`);
    if (answerCors(this.#cors.get(bucket) ?? [], request, response)) return;
    if (!signed) this.#checkPermission(call);

    this.#usage[method === 'PUT' || method === 'POST' || (method === 'GET' && !key) ? 'puts' : 'gets'] +=
      method === 'DELETE' ? 0 : 1;
    if (!bucket && method === 'GET') return send(response, 200, this.#bucketList());

    const files = this.#buckets.get(bucket);
    if (!files) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404);
    if (key) return this.#onObject(method, files, call);
    if (method === 'POST') return postForm({ files, bucket, secret: this.#secret }, request, response);
    if (method === 'HEAD') return send(response, 200, '');
    if (method === 'GET') return send(response, 200, listing(bucket, await files.list(), query));
    throw notServed(`${method} of a bucket`);
  }

  /** A link or a form that was signed for this one use; a form is checked once it has been read. */
  #checkPermission({ request, query, key }: Call): void {
    if (query.has('X-Amz-Signature')) checkPresigned(request, query, this.#secret);
    else if (request.method !== 'POST' || key) throw new S3Error('AccessDenied', 'Access Denied', 403);
  }

  async #onObject(method: string, files: ObjectFiles, call: Call): Promise<void> {
    const { request, response, key, query } = call;
    if (query.has('uploads') || query.has('uploadId')) return this.#onUpload(method, files, call);
    switch (method) {
      case 'PUT':
        if (request.headers['x-amz-copy-source']) return this.#copy(files, key, request, response);
        return put(files, key, request, response);
      case 'GET':
      case 'HEAD':
        return get(files, key, request, response, query);
      case 'DELETE':
        await files.remove(key);
        return send(response, 204, '');
      default:
        throw notServed(`${method} of an object`);
    }
  }

  async #onUpload(method: string, files: ObjectFiles, { request, response, bucket, key, query }: Call): Promise<void> {
    const uploads = this.#uploads.get(bucket);
    const id = query.get('uploadId') ?? '';
    const part = Number(query.get('partNumber'));
    if (uploads && method === 'POST' && query.has('uploads')) {
      const UploadId = await uploads.create(keptOf(request));
      return send(response, 200, xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId }));
    }
    if (uploads && method === 'PUT' && Number.isInteger(part) && part > 0) {
      response.setHeader('etag', await uploads.put(id, part, await bodyOf(request)));
      return send(response, 200, '');
    }
    if (uploads && method === 'POST') {
      const { etag } = await uploads.complete(id, (await readBody(request, MAX_OBJECT_BYTES)).toString(), files, key);
      return send(response, 200, xmlDocument('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag }));
    }
    throw notServed(`${method} of an upload in parts`);
  }

  /** Within the stack, whole, with headers of its own or those of the source. */
  async #copy(files: ObjectFiles, key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const source = decodeURIComponent(String(request.headers['x-amz-copy-source'])).replace(/^\//, '');
    const [bucket = ''] = source.split('/');
    const sourceKey = source.slice(bucket.length + 1);
    const from = this.#buckets.get(bucket);
    const object = await from?.head(sourceKey);
    if (!from || !object) throw new S3Error('NoSuchKey', 'The specified key does not exist.', 404);
    const replaced = request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const { etag, modifiedMs } = await files.put(key, await from.stream(sourceKey), replaced ? keptOf(request) : object.headers);
    send(response, 200, xmlDocument('CopyObjectResult', { ETag: etag, LastModified: new Date(modifiedMs).toISOString() }));
  }

  #bucketList(): string {
    const buckets = [...this.#buckets.keys()].map((Name) => ({ Name, CreationDate: this.#since }));
    return xmlDocument('ListAllMyBucketsResult', { Owner: { ID: 'embedded' }, Buckets: { Bucket: buckets } });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const received = await readBody(request, MAX_OBJECT_BYTES);
  const { headers } = request;
  const chunked = String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const decodedLength = headers['x-amz-decoded-content-length'];
  return chunked ? decodeAwsChunked(received, decodedLength === undefined ? undefined : Number(decodedLength)) : received;
}

async function put(files: ObjectFiles, key: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const { headers } = request;
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) {
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', 400);
  }
  if (headers['if-none-match'] === '*' && (await files.head(key))) throw preconditionFailed();
  const { etag } = await files.put(key, body, keptOf(request));
  response.setHeader('etag', etag);
  send(response, 200, '');
}

async function get(
  files: ObjectFiles,
  key: string,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
): Promise<void> {
  const object = await files.head(key);
  if (!object) throw new S3Error('NoSuchKey', 'The specified key does not exist.', 404);
  if (request.headers['if-none-match'] === object.etag) throw new S3Error('NotModified', 'Not Modified', 304);
  if (request.headers['if-match'] && request.headers['if-match'] !== object.etag) throw preconditionFailed();

  const range = rangeOf(request.headers.range, object);
  const body = request.method === 'HEAD' ? undefined : await files.stream(key, range);
  response.writeHead(range ? 206 : 200, {
    'content-type': 'binary/octet-stream',
    ...object.headers,
    ...saidByQuery(query),
    etag: object.etag,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    'content-length': range ? range.end - range.start + 1 : object.size,
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
  });
  // Whoever asked may be gone before the end; one that is not sees that there is more to come.
  if (body) await pipeline(body, response).catch(() => response.destroy());
  else response.end();
}

const keptOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      KEPT_HEADERS.test(name) && value !== undefined ? [[name, String(value)]] : [],
    ),
  );

/** `response-content-type` and its like. */
const saidByQuery = (query: URLSearchParams) =>
  Object.fromEntries([...query].flatMap(([name, value]) => (name.startsWith('response-') ? [[name.slice(9), value]] : [])));

function rangeOf(header: string | undefined, { size }: StoredObject): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (!first && !last) return undefined;
  const start = first ? Number(first) : Math.max(0, size - Number(last));
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start > end) throw new S3Error('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
}

function callOf(request: IncomingMessage, response: ServerResponse): Call {
  const [path = '', search = ''] = (request.url ?? '').split('?', 2);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  try {
    return {
      request,
      response,
      query: new URLSearchParams(search),
      bucket: decodeURIComponent(bucket),
      key: decodeURIComponent(key),
    };
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", 400);
  }
}

function s3ErrorOf(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof BodyTooLarge)
    return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400);
  if (error instanceof SenderGone) return new S3Error('IncompleteBody', 'The body ended too early.', 400);
  return new S3Error('InternalError', error instanceof Error ? error.message : 'We encountered an internal error.', 500);
}

function notServed(what: string): S3Error {
  return new S3Error('NotImplemented', `${what} is not served by the embedded cloud`, 501);
}

function preconditionFailed(): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
}

function send(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, {
    ...(xml && { 'content-type': 'application/xml' }),
    ...(status !== 204 && { 'content-length': Buffer.byteLength(xml) }),
  });
  response.end(xml);
}
