import { MASK } from '../../kernel/mask.ts';
import { isSecretName, withoutSecretParameters } from '../../step/http/secret-names.ts';
import type { RawForm } from '../delivery/raw.ts';
import { readRequest } from './stored-request.ts';

/** A request as HTTP writes one. Signatures are credentials: where the scheme has no time, the request could be sent again with them. */
export const rawRequest: RawForm = {
  ending: 'http',
  write(kept) {
    const { method, headers, query, body } = readRequest(kept);
    const search = new URLSearchParams(query).toString();
    const target = withoutSecretParameters(search && `?${search}`, MASK);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${isSecretName(name) ? MASK : value}`);
    const head = [`${method} /${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
    return Buffer.concat([Buffer.from(head), body]);
  },
};
