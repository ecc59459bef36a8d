import * as z from 'zod';
import { html, notesOf, row, rowsOf, type Shape, shape, typeOf } from './reference-schema.ts';

const media = z.record(z.string(), z.object({ schema: shape.optional() }));

/** Of an operation in OpenAPI, what the page shows. */
export const shownOperation = z.object({
  operationId: z.string(),
  summary: z.string().default(''),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        description: z.string().optional(),
        schema: shape,
      }),
    )
    .default([]),
  requestBody: z.object({ content: media }).optional(),
  responses: z.record(
    z.string(),
    z.object({ $ref: z.string().optional(), description: z.string().default(''), content: media.optional() }),
  ),
});
type Shown = z.output<typeof shownOperation>;

export interface Endpoint {
  path: string;
  method: string;
}

/** One operation: what it takes, what it answers, and how to ask it. */
export function entry({ path, method }: Endpoint, { operationId, summary, description, ...operation }: Shown): string {
  const { parameters, requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const refusals = Object.keys(responses).filter((status) => Number(status) >= 400);
  return `<details id="${html(operationId)}"><summary><b class="${method}">${method}</b><code>${html(path).replaceAll('/', '/<wbr>')}</code><span>${html(summary)}</span></summary>
<div class="open"><p>${html(description)}</p>
${table('Parameters', parameters.map(({ name, in: endpoint, required, description: about, schema }) => row(name, { ...schema, description: [endpoint, about].filter(Boolean).join(': ') }, required)).join(''))}
${body ? `<h4>Body</h4>${whole(body)}` : ''}
<h4>Answers</h4>${answers.map(([status, { description: about, content = {} }]) => answer(status, about, content)).join('')}
${refusals.length > 0 ? `<p>Refuses with <a href="#ErrorModel">ErrorModel</a> under ${refusals.map((status) => `<code>${status}</code>`).join(' ')}.</p>` : ''}
</div></details>`;
}

function answer(status: string, about: string, content: z.output<typeof media>): string {
  const types = Object.entries(content).map(([type, { schema }]) => (schema ? typeOf(schema) : `<code>${html(type)}</code>`));
  return `<p><code>${status}</code> ${html(about)}${types.length > 0 ? `: ${types.join(', ')}` : ''}</p>`;
}

/** A schema as a table of its fields, or as each of its forms. */
export function whole(schema: Shape): string {
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms) return `<p>${forms.map(typeOf).join(' or ')}</p>`;
  const rows = rowsOf(schema);
  return rows ? table('', rows) : `<p>${typeOf(schema)}. ${notesOf(schema)}</p>`;
}

const table = (title: string, rows: string) => (rows ? `${title && `<h4>${title}</h4>`}<table>${rows}</table>` : '');
