import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../aws/body.ts';
import type { ObjectFiles } from './object-files.ts';
import { checkPolicy } from './post-policy.ts';
import { S3Error } from './s3-error.ts';
import { xmlDocument } from './xml.ts';

const MAX_FORM_BYTES = 128 * 1024 * 1024;
const KEPT_FIELDS = /^(content-type|content-disposition|cache-control|x-amz-meta-.+)$/;

/** What a browser does with a presigned POST: a multipart form whose policy says what may be uploaded where. */
export async function postForm(
  { files, bucket, secret }: { files: ObjectFiles; bucket: string; secret: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { fields, file } = await formOf(await readBody(request, MAX_FORM_BYTES), request.headers['content-type'] ?? '');
  const bytes = Buffer.from(await file.arrayBuffer());
  checkPolicy({ fields, bucket, fileBytes: bytes.length }, secret);
  const key = fields.get('key')?.replace('${filename}', () => file.name);
  if (!key) throw new S3Error('InvalidArgument', 'Bucket POST must contain a field named key.', 400);

  const kept = [...fields].filter(([name]) => KEPT_FIELDS.test(name));
  const { etag } = await files.put(key, bytes, Object.fromEntries(kept));
  const status = ['200', '201'].includes(fields.get('success_action_status') ?? '')
    ? Number(fields.get('success_action_status'))
    : 204;
  const location = `http://${request.headers.host}/${bucket}/${key}`;
  const body =
    status === 201 ? xmlDocument('PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: etag }, false) : '';
  response.writeHead(status, { etag, location, ...(body && { 'content-type': 'application/xml' }) });
  response.end(body);
}

async function formOf(body: Buffer, type: string): Promise<{ fields: Map<string, string>; file: File }> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData().catch(() => {
    throw new S3Error('MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.', 400);
  });
  const fields = new Map<string, string>();
  let file: File | undefined;
  for (const [name, value] of form) {
    if (name === 'file') file = typeof value === 'string' ? new File([value], '') : value;
    // What stands behind the file is not read.
    else if (!file && typeof value === 'string') fields.set(name.toLowerCase(), value);
  }
  if (!file) throw new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', 400);
  return { fields, file };
}
