import { S3Error } from './s3-error.ts';

const LINE_END = Buffer.from('\r\n');

/** The bytes inside an `aws-chunked` body; signatures and trailing checksums are left out. */
export function decodeAwsChunked(body: Buffer, decodedLength: number | undefined): Buffer {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf(LINE_END, at);
    if (lineEnd < 0) throw incomplete();
    const [size = ''] = body.toString('latin1', at, lineEnd).split(';');
    if (!/^[\da-f]+$/i.test(size)) throw incomplete();
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    const start = lineEnd + LINE_END.length;
    if (start + length > body.length) throw incomplete();
    chunks.push(body.subarray(start, start + length));
    at = start + length + LINE_END.length;
  }
  const decoded = Buffer.concat(chunks);
  if (decodedLength !== undefined && decoded.length !== decodedLength) throw incomplete();
  return decoded;
}

function incomplete(): S3Error {
  return new S3Error(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
    400,
  );
}
