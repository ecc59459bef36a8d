import type { openApiDocument } from './openapi.ts';

type Document = ReturnType<typeof openApiDocument>;

const html = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; text-transform: capitalize }
summary { cursor: pointer; padding: .4rem 0 }
summary code { font-weight: 600 }
.method { display: inline-block; width: 4.5rem; font-variant-numeric: tabular-nums; opacity: .7 }
pre { overflow: auto; padding: .75rem 1rem; border-radius: .5rem; background: color-mix(in srgb, currentColor 7%, transparent); font-size: .85rem }
`;

/** A page that a person can read, without scripts or anything from elsewhere. */
export function page(document: Document): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags ?? []))];
  const sections = tags.map(
    (tag) =>
      `<h2>${html(tag)}</h2>${operations
        .filter(({ operation }) => operation.tags?.includes(tag))
        .map(entry)
        .join('')}`,
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => json(name, schema));
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(document.info.title)} API</title><style>${STYLE}</style>
<h1>${html(document.info.title)} API</h1><p>${html(document.info.description ?? '')}</p>
<p>Send a key as <code>x-api-key</code> or <code>Authorization: Bearer</code>. The same as <a href="/openapi.json">OpenAPI 3.1</a>;
workflow documents as <a href="/schemas/workflow-1.json">JSON Schema</a>.</p>
${sections.join('\n')}<h2>Schemas</h2>${schemas.join('')}</html>`;
}

function entry({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: object & { summary?: string; description?: string };
}): string {
  const { summary = '', description = '', ...rest } = operation;
  return `<details id="${html(`${method} ${path}`)}"><summary><span class="method">${method}</span><code>${html(path)}</code> ${html(summary)}</summary>
<p>${html(description)}</p><pre>${html(JSON.stringify(rest, null, 2))}</pre></details>`;
}

const json = (name: string, schema: unknown) =>
  `<details id="${html(name)}"><summary><code>${html(name)}</code></summary><pre>${html(JSON.stringify(schema, null, 2))}</pre></details>`;
