import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type BodyOf, call } from '../api/call.ts';
import { meQuery, queries, workflowsQuery } from '../api/queries.ts';
import { Field } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { defaultsOf, missingIn, type Values } from '../kit/schema.ts';
import { SchemaForm } from '../kit/schema-form.tsx';
import { told } from '../kit/told.tsx';

const TYPES = Object.keys(forms.connections);
const NAMES: Record<string, string> = {
  bearer: 'Bearer token',
  basic: 'User name and password',
  api_key: 'API key in a header or the query',
  oauth2_client_credentials: 'OAuth 2, client credentials',
  oauth2_authorization_code: 'OAuth 2, authorized by a person',
  aws: 'AWS, Signature Version 4',
  mcp: 'MCP server',
  anthropic: 'Anthropic',
  openai: 'OpenAI, or what speaks like it',
  bedrock: 'Amazon Bedrock',
};
const NOTHING = {};

/** A connection of a type, with the fields that the type has. */
export function NewConnection({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const { data: me } = useQuery(meQuery);
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const projects = [...new Set(workflows.map(({ project_id }) => project_id))].toSorted();
  const [type, setType] = useState(TYPES[0] ?? '');
  const [name, setName] = useState('');
  const [chosen, setProject] = useState<string>();
  const [settings, setSettings] = useState<Values>(() => defaultsOf(forms.connections[type]?.settings ?? NOTHING));
  const [secret, setSecret] = useState<Values>({});
  const [error, setError] = useState<unknown>();
  const project = chosen ?? me?.project_id ?? projects[0] ?? '';
  const form = forms.connections[type] ?? { settings: NOTHING, secret: NOTHING };
  const missing = [...(name ? [] : ['Name']), ...missingIn(form.settings, settings), ...missingIn(form.secret, secret)];
  const act = async (reason: string | undefined) => {
    // The form asks for what the type wants; whether it is so is for the API to say.
    const body = { project_id: project, name, type, settings, secret } as BodyOf<'createConnection'>;
    try {
      const made = await call('createConnection', { body, ...(reason && { reason }) });
      await queries.invalidateQueries({ queryKey: ['connections'] });
      told(`${made.name} is there. Test it, and name it in a workflow.`);
      onMade(made.id);
    } catch (thrown) {
      setError(thrown);
      throw thrown;
    }
  };
  return (
    <ReasonDialog
      title="New connection"
      verb="Create"
      size="lg"
      opened
      onClose={onClose}
      because={missing.length > 0 ? `Fill in ${missing.join(', ')}.` : undefined}
      act={act}
    >
      <Field label="Type">
        {(id) => (
          <select
            id={id}
            className="select"
            data-autofocus
            value={type}
            onChange={(event) => {
              setType(event.target.value);
              setSettings(defaultsOf(forms.connections[event.target.value]?.settings ?? NOTHING));
              setSecret({});
            }}
          >
            {TYPES.map((one) => (
              <option key={one} value={one}>
                {NAMES[one] ?? one}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Name" hint="What documents call it: erp, erp-test.">
        {(id) => <input id={id} className="input" required value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Project">
        {(id) => (
          <>
            <input
              id={id}
              className="input"
              required
              list="projects"
              value={project}
              onChange={(event) => setProject(event.target.value)}
            />
            <datalist id="projects">
              {projects.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <SchemaForm
        key={`${type} settings`}
        schema={form.settings}
        values={settings}
        onValues={setSettings}
        error={error}
        place="settings"
      />
      <SchemaForm
        key={`${type} secret`}
        schema={form.secret}
        values={secret}
        onValues={setSecret}
        error={error}
        place="secret"
        isSecret
      />
      <p className="muted">The secret is sealed, and shown to nobody again.</p>
    </ReasonDialog>
  );
}
