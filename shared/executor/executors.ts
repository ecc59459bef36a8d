import type { Executors } from '../step/kind.ts';
import type { Subscribers } from '../subscription/subscribers.ts';
import { emailExecutor } from './email/email.ts';
import type { OwnMail } from './email/own-mail.ts';
import type { EventBus } from './emit/bus.ts';
import { emitExecutor } from './emit/emit.ts';
import { type NetworkSettings, openNetwork } from './http/agents.ts';
import { httpExecutor } from './http/http.ts';
import { llmExecutor } from './llm/llm.ts';
import { mcpExecutor } from './mcp/mcp.ts';

/** What executors reach outside with. */
export interface Means {
  network: NetworkSettings;
  mail: OwnMail;
  bus: EventBus;
  subscribers: Pick<Subscribers, 'tell'>;
}

/** What reaches outside, for the worker alone. A new kind is its own folder and one word here. */
export function executorsFor({ network: settings, mail, bus, subscribers }: Means): Executors {
  const network = openNetwork(settings);
  return {
    http: httpExecutor(network),
    llm: llmExecutor(network),
    mcp: mcpExecutor(network),
    email: emailExecutor(network, mail),
    emit: emitExecutor(bus, subscribers),
  };
}
