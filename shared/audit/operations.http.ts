import { operation } from '../edge/route.ts';
import { auditEntries, auditQuery } from './audit.http.ts';

export const audit = {
  listAudit: operation({
    tag: 'access',
    entry: 'api/audit',
    method: 'GET',
    path: '/v1/audit',
    summary: 'Who did what, newest first: all of it for admins, acts on runs for everybody else',
    query: auditQuery,
    responses: { 200: auditEntries },
  }),
};
