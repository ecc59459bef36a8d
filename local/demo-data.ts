import { ApiError, Client } from '../client/client.ts';

/** `npm run demo:data -- 300` beside `npm start`: twelve workflows and so many runs of them, as a busy team would have. */
const API = process.env['API'] ?? 'http://127.0.0.1:4000';
const KEY = process.env['KEY'] ?? 'local-dev-key';
const SERVICES = process.env['SERVICES'] ?? 'http://127.0.0.1:4566/_sample';
const COUNT = Number(process.argv[2] ?? 300);
const AT_ONCE = 8;
const DAY_MS = 86_400_000;

const api = new Client({ url: API, apiKey: KEY });

const NAMES: [string, string, string][] = [
  ['invoice-posting', 'Invoice posting', 'INV'],
  ['customer-onboarding', 'Customer onboarding', 'CUS'],
  ['returns-desk', 'Returns desk', 'RMA'],
  ['price-sync', 'Price sync', 'PRICE'],
  ['stock-replenishment', '在庫補充の手配', 'STK'],
  ['carrier-booking', 'Carrier booking', 'SHIP'],
  ['dunning', 'Dunning', 'DUN'],
  ['contract-renewal', 'Contract renewal', 'CON'],
  ['vendor-master', 'Lieferantenstammdaten prüfen und übernehmen', 'VEN'],
  ['claims-intake', 'Claims intake', 'CLM'],
  ['payout', 'Payout', 'PAY'],
  ['order-fulfilment', 'Order fulfilment', 'ORD'],
];

const definitionOf = (name: string, title: string) => `format: 1
name: ${name}
title: ${title}
timeout: 2d
input:
  type: object
  required: [ref]
  properties:
    ref: { type: string }
    lines: { type: array, items: { type: object }, default: [] }
    fail: { type: string, default: '' }
    until: { type: string, default: '' }
reference: \${ $input.ref }
steps:
  - id: fetch
    title: Fetch the record
    http: { method: GET, url: '${SERVICES}/vendors', query: { order: '\${ $input.ref }' } }
    output: "\${ body.items[0].{'id': id, 'name': name} }"
  - id: lines
    title: Check every line
    needs: []
    forEach:
      in: \${ $input.lines }
      as: line
      concurrency: 5
      steps:
        - id: check
          http: { method: GET, url: '${SERVICES}/stock/\${ $encodeUrlComponent($line.sku) }' }
          output: \${ body }
  - id: validate
    title: Validate
    needs: [fetch, lines]
    if: \${ $input.fail = 'validate' }
    raise: { error: InvalidRecord, message: 'The record \${ $input.ref } has no tax number' }
  - id: hold
    title: Wait for the cut-off
    if: \${ $input.until != '' }
    wait: { until: '\${ $input.until }' }
  - id: post
    title: Post to the ERP
    http: { method: GET, url: "\${ $input.fail = 'post' ? '${SERVICES}/rates' : '${SERVICES}/greeting' }" }
    retry: { on: [HttpServerError], attempts: 2, delay: 1s }
  - id: notify
    title: Tell the team
    http: { method: POST, url: '${SERVICES}/messages', body: { text: 'Done: \${ $input.ref }' } }
    output: \${ body.id }
output:
  vendor: \${ $steps.fetch.name }
  message: \${ $steps.notify }
`;

async function workflows(): Promise<string[]> {
  const { items } = await api.call('listWorkflows', { query: { limit: 100 } });
  const ids: string[] = [];
  for (const [name, title, prefix] of NAMES) {
    const known = items.find((one) => one.name === name);
    if (known) {
      ids.push(known.id);
      continue;
    }
    const saved = await api.call('createWorkflow', { body: { project_id: 'examples', definition: definitionOf(name, title) } });
    await api.call('publishWorkflow', { params: { workflow_id: saved.id }, body: { note: 'First version' } });
    await api.call('createSchedule', {
      params: { workflow_id: saved.id },
      body: {
        name: `${title}, nightly`,
        expression: `daily at 0${ids.length % 9}:30`,
        timezone: 'Europe/Berlin',
        inputs: { ref: `${prefix}-nightly` },
      },
    });
    ids.push(saved.id);
  }
  return ids;
}

const LABELS = [[], ['customer:acme'], ['customer:northwind', 'vip:yes'], ['area:emea'], []];

async function startOne(ids: readonly string[], at: number): Promise<void> {
  const index = at % NAMES.length;
  const [, , prefix = 'REF'] = NAMES[index] ?? [];
  const number = 4000 + at;
  const fail = number === 4711 || at % 23 === 3 ? 'post' : at % 41 === 7 ? 'validate' : '';
  const until = at % 60 === 17 ? new Date(Date.now() + DAY_MS).toISOString() : '';
  const lines = Array.from({ length: at % 5 }, (_, line) => ({ sku: `SKU-${line}`, quantity: line + 1 }));
  const answer = await api.call('commandWorkflow', {
    params: { workflow_id: ids[index] ?? '' },
    body: {
      command: 'start',
      params: {
        inputs: {
          ref: at % 37 === 5 ? `${prefix}-${number}-Nachlieferung-Müller-und-Söhne-Großhandel-東京支店` : `${prefix}-${number}`,
          fail,
          until,
          lines,
        },
        labels: LABELS[at % LABELS.length] ?? [],
        wait: until ? 1 : 20,
      },
    },
  });
  if (until && at % 120 === 17 && 'id' in answer) await pause(ids[index] ?? '', answer.id);
}

async function pause(workflow_id: string, run_id: string): Promise<void> {
  const body = { command: 'pause' as const, run_id, params: { reason: 'The ERP is down until noon' } };
  await api.call('commandWorkflow', { params: { workflow_id }, body }).catch((error: unknown) => {
    // Some fail before they come to the wait.
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  });
}

const ids = await workflows();
// The one that the timed tasks look for is always among them.
const numbers = [...Array.from({ length: COUNT }, (_, at) => at), ...(COUNT > 711 ? [] : [711])];
for (let at = 0; at < numbers.length; at += AT_ONCE)
  await Promise.all(numbers.slice(at, at + AT_ONCE).map((number) => startOne(ids, number)));
console.log(`${numbers.length} runs of ${ids.length} workflows: ${API}`);
