import { useState } from 'react';
import { type BodyOf, call } from '../api/call.ts';
import { Button, Field } from '../kit/controls.tsx';
import { ActDialog } from '../kit/dialog.tsx';
import { Choices } from '../kit/menu.tsx';
import { tellProblem, told } from '../kit/told.tsx';
import { type TaskEntry, tasksChanged } from './use-tasks.ts';

const HOUR_MS = 3_600_000;
const MORNING = 8;

/** The next morning, some days from now, on the reader's clock. */
function morning(now: Date, days: number): string {
  const at = new Date(now);
  at.setDate(at.getDate() + days);
  at.setHours(MORNING, 0, 0, 0);
  return at.toISOString();
}

const daysToMonday = (now: Date) => (8 - now.getDay()) % 7 || 7;

/** Puts a task off, or asks others. */
export function LookLater({ task }: { task: TaskEntry }) {
  const [isReassigning, setReassigning] = useState(false);
  const change = (body: BodyOf<'changeTask'>, done: string) =>
    call('changeTask', { params: { task_id: task.id }, body }).then(() => {
      told(done);
      return tasksChanged();
    }, tellProblem);
  const until = (at: string) => () => void change({ snooze_until: at }, 'Put off.');
  const now = new Date();
  return (
    <>
      <Choices
        choices={[
          { label: 'For an hour', icon: 'clock', act: until(new Date(now.getTime() + HOUR_MS).toISOString()) },
          { label: 'Until tomorrow morning', icon: 'clock', act: until(morning(now, 1)) },
          { label: 'Until Monday morning', icon: 'calendar', act: until(morning(now, daysToMonday(now))) },
          ...(task.snoozed_until
            ? [
                {
                  label: 'Show it now',
                  icon: 'refresh' as const,
                  act: () => void change({ snooze_until: null }, 'It is shown again.'),
                },
              ]
            : []),
        ]}
      >
        <Button kind="ghost" icon="clock">
          Put off
        </Button>
      </Choices>
      <Button kind="ghost" icon="people" onClick={() => setReassigning(true)}>
        Ask others
      </Button>
      {isReassigning && <Reassign task={task} onClose={() => setReassigning(false)} />}
    </>
  );
}

function Reassign({ task, onClose }: { task: TaskEntry; onClose: () => void }) {
  const [text, setText] = useState(task.assignees.join('\n'));
  const assignees = text.split(/[\s,;]+/).filter((one) => one !== '');
  const act = async () => {
    await call('changeTask', { params: { task_id: task.id }, body: { assignees } });
    await tasksChanged();
    told(assignees.length > 0 ? `It asks ${assignees.join(', ')}.` : 'It asks every operator.');
  };
  return (
    <ActDialog title="Ask others" verb="Ask them" opened onClose={onClose} act={act}>
      <Field label="Mail addresses" hint="One a line. Without any, every operator may answer.">
        {(id) => (
          <textarea
            id={id}
            className="textarea"
            data-autofocus
            rows={4}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </ActDialog>
  );
}
