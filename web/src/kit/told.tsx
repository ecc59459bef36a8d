import { useSyncExternalStore } from 'react';
import { Icon } from './icons.tsx';

interface Message {
  id: number;
  text: string;
  tone: 'good' | 'bad';
}

const STAYS_MS = 6000;
let messages: readonly Message[] = [];
let last = 0;
const listeners = new Set<() => void>();

function show(next: readonly Message[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

/** Says in the corner what has been done, or what has not. */
export function told(text: string, tone: Message['tone'] = 'good'): void {
  last += 1;
  const id = last;
  show([...messages.slice(-3), { id, text, tone }]);
  setTimeout(() => show(messages.filter((one) => one.id !== id)), STAYS_MS);
}

export const tellProblem = (error: unknown) => told(error instanceof Error ? error.message : String(error), 'bad');

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function Messages() {
  const shown = useSyncExternalStore(subscribe, () => messages);
  return (
    <div className="messages" role="status" aria-live="polite">
      {shown.map(({ id, text, tone }) => (
        <p key={id} className={tone}>
          <Icon name={tone === 'good' ? 'check' : 'alert'} />
          {text}
        </p>
      ))}
    </div>
  );
}
