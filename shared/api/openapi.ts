import { documentOf, type OpenApiDocument } from '../edge/openapi.ts';
import { operations } from './routes.ts';

const INFO = {
  title: 'Millrun',
  version: '1',
  description: 'Runs workflows inside your own AWS account. /v1 is the whole product; /v2 is a compatible dialect.',
};

let made: OpenApiDocument | undefined;

/** The whole API as OpenAPI 3.1. */
export function openApiDocument(): OpenApiDocument {
  made ??= documentOf(INFO, operations);
  return made;
}
