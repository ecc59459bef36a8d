import type { OpenApiDocument } from './openapi.ts';
import { type Endpoint, entry, shownOperation, whole } from './reference-operation.ts';
import { html, shape } from './reference-schema.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; --line: color-mix(in srgb, currentColor 14%, transparent); --tint: color-mix(in srgb, currentColor 5%, transparent) }
body { display: grid; grid-template-columns: 12rem minmax(0, 54rem); gap: 3rem; margin: 0 auto; padding: 2.5rem 1.5rem 6rem; max-width: 70rem }
nav { position: sticky; top: 2.5rem; align-self: start; font-size: .9rem; line-height: 2 }
nav a { display: block; color: inherit; text-decoration: none; text-transform: capitalize; opacity: .75 }
nav a:hover { opacity: 1; text-decoration: underline }
h1 { margin: 0 0 .5rem; font-size: 2rem }
h2 { margin: 2.75rem 0 .75rem; text-transform: capitalize; font-size: 1.3rem }
h4 { margin: 1.25rem 0 .4rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .06em; opacity: .65 }
code, pre { font-family: ui-monospace, monospace; font-size: .875em }
pre { overflow: auto; padding: .9rem 1.1rem; border-radius: .5rem; background: var(--tint) }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0 }
details[open] { background: var(--tint) }
details:target { outline: 2px solid #3b82f6 }
summary { cursor: pointer; padding: .6rem .9rem; display: flex; gap: .9rem; align-items: baseline; list-style: none }
summary::-webkit-details-marker { display: none }
summary span { margin-left: auto; text-align: right; opacity: .7; font-size: .9rem }
summary b { min-width: 3.9rem; font: 700 .72rem/1 ui-monospace, monospace; letter-spacing: .03em; color: #64748b }
b.GET { color: #2563eb } b.POST { color: #15803d } b.PUT, b.PATCH { color: #b45309 } b.DELETE { color: #dc2626 }
.open { padding: 0 .9rem .9rem }
table { width: 100%; border-collapse: collapse; font-size: .9rem }
td { border-top: 1px solid var(--line); padding: .4rem .75rem; vertical-align: top }
td:first-child { white-space: nowrap }
sup { color: #dc2626 }
@media (max-width: 50rem) { body { display: block } nav { display: none } summary { flex-wrap: wrap } summary span { margin: 0; width: 100%; text-align: left } }
`;

/** Sections in the order of a reader: the product first, then the dialect. */
const SECTIONS = ['workflows', 'runs', 'access', 'v2', 'docs'];

/** A page that a person can read, without scripts or anything from elsewhere. */
export function page(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => shown({ path, method: method.toUpperCase() }, operation)),
  );
  const sections = [...new Set([...SECTIONS, ...operations.map(({ section }) => section)])].filter((section) =>
    operations.some((one) => one.section === section),
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).toSorted(([a], [b]) => a.localeCompare(b));
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(document.info.title)} API</title><style>${STYLE}</style></head><body>
<nav>${sections.map((section) => `<a href="#${section}">${html(section)}</a>`).join('')}<a href="#schemas">schemas</a></nav>
<main><h1>${html(document.info.title)} API</h1><p>${html(document.info.description ?? '')}</p>
<p>Send a key as <code>x-api-key</code> or as <code>Authorization: Bearer</code>. Bodies are JSON, times are ISO 8601 in UTC, lists go on behind their
<code>continuation_token</code>. This page as <a href="/openapi.json">OpenAPI 3.1</a>; workflow documents as <a href="/schemas/workflow-1.json">JSON Schema</a>.</p>
<pre>API=&lt;where this page is, without /docs&gt; KEY=&lt;your key&gt;
curl "$API/v1/runs?status=failed" -H "x-api-key: $KEY"</pre>
${sections.map((section) => `<h2 id="${section}">${html(section)}</h2>${operations.flatMap((one) => (one.section === section ? one.entry : [])).join('\n')}`).join('\n')}
<h2 id="schemas">Schemas</h2>${schemas.map(([name, schema]) => schemaEntry(name, schema)).join('\n')}</main></body></html>`;
}

function shown(endpoint: Endpoint, operation: unknown): { section: string; entry: string } {
  const parsed = shownOperation.parse(operation);
  const section = endpoint.path.startsWith('/v2/') ? 'v2' : (parsed.tags[0] ?? 'docs');
  return { section, entry: entry(endpoint, parsed) };
}

const schemaEntry = (name: string, schema: unknown) =>
  `<details id="${html(name)}"><summary><code>${html(name)}</code></summary><div class="open">${whole(shape.parse(schema))}</div></details>`;
