import type { Request } from '../edge/http.ts';
import type { OperationId, operations } from './routes.ts';

/** What an action gets of a request to its operation. */
export type RequestOf<Id extends OperationId> = Request<(typeof operations)[Id]>;
