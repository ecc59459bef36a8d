import type { Workflow } from '../api/queries.ts';
import { EventRules } from './event-rules.tsx';
import { MailboxSection } from './mailbox.tsx';
import { Queues } from './queues.tsx';
import { Schedules } from './schedules.tsx';
import { Webhooks } from './webhooks.tsx';
import './triggers.css';

/** What starts the workflow, and how each of it is set. */
export const TriggersPanel = ({ workflow }: { workflow: Workflow }) => (
  <div className="stack">
    <MailboxSection workflow={workflow} />
    <Schedules workflow={workflow} />
    <Webhooks workflow={workflow} />
    <Queues workflow={workflow} />
    <EventRules workflow={workflow} />
  </div>
);
