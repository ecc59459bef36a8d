import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Of JSON Schema, what the contract uses. */
export interface Schema {
  $ref?: string;
  type?: 'string' | 'integer' | 'number' | 'object' | 'array' | 'null' | 'boolean';
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: string[];
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  maximum?: number;
  [annotation: string]: unknown;
}

interface Parameter {
  name: string;
  in: 'query' | 'path';
  required: boolean;
  schema: Schema;
}

export interface ContractOperation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
  responses: Record<string, unknown>;
}

interface Contract {
  paths: Record<string, Record<string, ContractOperation>>;
  components: { schemas: Record<string, Schema> };
}

const contract: Contract = JSON.parse(readFileSync(join(import.meta.dirname, 'runs-v2.openapi.json'), 'utf8'));

/** The contract's operations by `GET /runs`. */
export const contractOperations = new Map<string, ContractOperation>(
  Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
  ),
);

// The contract's patterns (`[0-9-_]`) are no patterns in Unicode mode.
const ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
ajv.addSchema(contract, 'contract');

const pointer = (...keys: string[]) => `contract#/${keys.map((key) => encodeURIComponent(key.replaceAll('/', '~1'))).join('/')}`;

/** What is wrong with an answer by the contract: nothing, hopefully. */
export function faultsOf(route: string, status: number, body: unknown): string[] {
  const [method = '', path = ''] = route.split(' ');
  const operation = contractOperations.get(route);
  if (!operation) return [`${route} is not in the contract`];
  if (!(String(status) in operation.responses)) return [`${route} does not document ${status}`];
  const schema = pointer(
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(status),
    'content',
    'application/json',
    'schema',
  );
  const faults = faultsBy(schema, body);
  const items = route === 'GET /runs' && status === 200 ? (body as { items: unknown[] }).items : [];
  return [...faults, ...items.flatMap((item) => faultsBy(pointer('components', 'schemas', 'RunResource'), item))];
}

function faultsBy(schema: string, value: unknown): string[] {
  const validate = ajv.getSchema(schema);
  if (!validate) throw new Error(`${schema} is not in the contract`);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** The schema behind a reference. */
export function resolve(schema: Schema): Schema {
  if (!schema.$ref) return schema;
  const found = contract.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
  if (!found) throw new Error(`${schema.$ref} is not in the contract`);
  return resolve(found);
}
