import { openApiDocument } from '../edge/openapi.ts';

console.log(JSON.stringify(openApiDocument(), null, 2));
