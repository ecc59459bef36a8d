import type { RequestOf } from '../../shared/api/request-of.ts';
import { auditView } from '../../shared/audit/audit.http.ts';
import { audit as auditOperations } from '../../shared/audit/operations.http.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { type ActsServices, listActs } from '../../shared/run/audit/list-acts.ts';
import { audit, runRows } from '../adapters.ts';

export async function listAudit({ query, caller }: RequestOf<'listAudit'>, services: ActsServices) {
  const { limit, continuation_token: token, ...sought } = query;
  const isAdmin = caller.role === 'admin';
  const { workspace, project } = caller;
  const page = await listActs(
    services,
    { ...sought, workspace, project, kinds: isAdmin ? undefined : ['run'] },
    { limit, token },
  );
  return ok({
    ...pageView(page, (record) => auditView(record, { origins: isAdmin })),
    searched_to: page.searchedTo ?? null,
  });
}

export const handler = http(auditOperations, { listAudit }, () => ({ audit: audit(), runs: runRows() }));
