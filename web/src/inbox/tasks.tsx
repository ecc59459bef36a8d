import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, Loading, Problem, SearchBox, Segments } from '../kit/controls.tsx';
import { Icon } from '../kit/icons.tsx';
import { useCursor, useKeys } from '../kit/keyboard.ts';
import { useAllOf } from '../kit/paged.ts';
import { Time } from '../kit/time.tsx';
import { Approval } from './approval.tsx';
import { Exceptions, type Group, groupsOf } from './exceptions.tsx';
import { type Given, undo, useGiven } from './later.ts';
import { Together } from './together.tsx';
import { type TaskEntry, useTasks } from './use-tasks.ts';

const WHOSE = [
  ['', 'Everybody’s'],
  ['me', 'Mine'],
] as const;

/** What people are asked, answered in place. */
export function Tasks() {
  const { whose = '', task: opened, kind = '', off = '', q = '' } = useSearch({ from: '/inbox' });
  const navigate = useNavigate({ from: '/inbox' });
  const { list, tasks, isOpen, waiting, renew } = useTasks(whose);
  const given = useGiven();
  const { cursor, now: at, put } = useCursor();
  const now = Date.now();
  const isOff = ({ snoozed_until }: TaskEntry) => snoozed_until !== null && Date.parse(snoozed_until) > now;
  const putOff = tasks.filter(isOff).length;
  useAllOf(list, q !== '');
  const shown = tasks.filter((task) => (off || !isOff(task) || task.id === opened) && isAbout(task, q));
  const approvals = shown.filter((task) => task.kind === 'approval');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selected = kind === 'exception' ? [] : approvals.filter(({ id }) => chosen.has(id) && isOpen(id) && !given.has(id));
  const select = (id: string) =>
    setChosen((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])));
  const groups = groupsOf(shown.filter((task) => task.kind === 'exception'));
  const set = (more: object) =>
    void navigate({ search: (before: object) => ({ ...before, ...more }), replace: true, resetScroll: false });
  const toggle = (id: string) => {
    put(id);
    set({ task: opened === id ? undefined : id });
  };
  const rows = [
    ...(kind === 'exception' ? [] : approvals.map(({ id }) => id)),
    ...(kind === 'approval' ? [] : groups.map(({ id }) => id)),
  ];
  const move = (step: number) => {
    const place = rows.indexOf(at() ?? opened ?? '');
    const next = rows[Math.max(0, Math.min(rows.length - 1, place + step))];
    if (!next) return;
    put(next);
    document.querySelector(`[data-task="${next}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const id = at();
      if (approvals.some((task) => task.id === id) && id) select(id);
    },
    Enter: () => {
      const id = at();
      if (id) toggle(id);
    },
  });
  const more = list.hasNextPage ? '+' : '';
  return (
    <>
      <div className="page-head">
        <h1>Inbox</h1>
        <SearchBox
          label="Find questions"
          placeholder="Words, reference, person"
          value={q}
          onChange={(next) => set({ q: next || undefined })}
        />
        {putOff > 0 && (
          <button type="button" className="link" onClick={() => set({ off: off ? undefined : 'shown' })}>
            {off ? 'Hide' : 'Show'} {putOff} put off
          </button>
        )}
        {whose && whose !== 'me' && (
          <span className="chip">
            <span className="muted">asked</span> {whose}
            <button type="button" aria-label="Clear asked" onClick={() => set({ whose: undefined })}>
              <Icon name="cross" size={12} />
            </button>
          </span>
        )}
        <Segments
          label="Kind"
          value={kind === 'approval' || kind === 'exception' ? kind : ''}
          options={[
            ['', 'All'],
            ['approval', `Approvals ${approvals.length}${more}`],
            ['exception', `Exceptions ${groups.reduce((sum, group) => sum + group.tasks.length, 0)}${more}`],
          ]}
          onChange={(next) => set({ kind: next || undefined })}
        />
        <Segments
          label="Whose"
          value={whose === 'me' ? 'me' : ''}
          options={WHOSE}
          onChange={(next) => set({ whose: next || undefined, task: undefined })}
        />
      </div>
      {list.isError && <Problem error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={3} />}
      {selected.length > 0 && <Together tasks={selected} onClear={() => setChosen(new Set())} />}
      {list.isSuccess && (
        <section className="panel tasks" aria-label="Questions">
          {waiting > 0 && (
            <button type="button" className="news" onClick={renew}>
              <Icon name="refresh" size={14} />
              {waiting} new
            </button>
          )}
          {rows.length === 0 && (
            <Nothing
              whose={whose}
              kind={kind}
              q={q}
              putOff={off ? 0 : putOff}
              onAll={() => set({ whose: undefined, kind: undefined, q: undefined })}
            />
          )}
          <ul className="task-list">
            {kind !== 'exception' &&
              approvals.map((task) => (
                <Row
                  key={task.id}
                  id={task.id}
                  isAt={cursor === task.id}
                  isOpen={opened === task.id}
                  given={given.get(task.id)}
                  isGone={!isOpen(task.id)}
                  onToggle={() => toggle(task.id)}
                  box={
                    <input
                      type="checkbox"
                      aria-label={`Select ${task.title}`}
                      checked={chosen.has(task.id)}
                      onChange={() => select(task.id)}
                    />
                  }
                  head={<ApprovalHead task={task} />}
                  tail={<Tail task={task} onAssignee={(next) => set({ whose: next })} />}
                >
                  <Approval id={task.id} />
                </Row>
              ))}
            {kind !== 'approval' &&
              groups.map((group) => {
                const left = group.tasks.filter(({ id }) => isOpen(id) && !given.has(id));
                const [first] = group.tasks;
                return (
                  <Row
                    key={group.id}
                    id={group.id}
                    isAt={cursor === group.id}
                    isOpen={opened === group.id}
                    given={left.length === 0 ? given.get(first?.id ?? '') : undefined}
                    undoId={first?.id}
                    isGone={left.length === 0}
                    onToggle={() => toggle(group.id)}
                    head={<GroupHead group={group} left={left.length} />}
                    tail={first && <Tail task={first} onAssignee={(next) => set({ whose: next })} />}
                  >
                    <Exceptions group={{ ...group, tasks: left }} />
                    {left.length < group.tasks.length && <Partly group={group} given={given} />}
                  </Row>
                );
              })}
          </ul>
        </section>
      )}
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>Show 100 more</Button>}
    </>
  );
}

interface RowProps {
  id: string;
  /** The task by which what was decided of all of them is undone. */
  undoId?: string | undefined;
  isAt: boolean;
  isOpen: boolean;
  given: Given | undefined;
  /** Somebody has answered it, or it asks others now. */
  isGone: boolean;
  onToggle: () => void;
  box?: React.ReactNode;
  head: React.ReactNode;
  tail: React.ReactNode;
  children: React.ReactNode;
}

function Row({ id, undoId = id, isAt, isOpen, given, isGone, onToggle, box, head, tail, children }: RowProps) {
  const isDone = given !== undefined || isGone;
  return (
    <li data-task={id} className={`task${isAt ? ' cursor' : ''}${isDone ? ' done' : ''}`}>
      <div className="task-line">
        <span className="task-box">{!isDone && box}</span>
        <button type="button" className="task-open" aria-expanded={isOpen && !isDone} disabled={isDone} onClick={onToggle}>
          <Icon name={isOpen && !isDone ? 'down' : 'right'} size={12} />
          {head}
        </button>
        {given ? (
          <>
            <span className="pill good">{given.word}</span>
            {given.state === 'waits' && <Button onClick={() => undo(undoId)}>Undo</Button>}
          </>
        ) : isGone ? (
          <span className="pill">not open any more</span>
        ) : (
          tail
        )}
      </div>
      {isOpen && !isDone && children}
    </li>
  );
}

const ApprovalHead = ({ task }: { task: TaskEntry }) => (
  <span className="cut">
    <b>{task.title}</b>{' '}
    <span className="muted">
      {task.reference ?? task.run_name} · {task.workflow_name}
    </span>
  </span>
);

const GroupHead = ({ group: { tasks }, left }: { group: Group; left: number }) => {
  const [first] = tasks;
  return (
    <>
      {tasks.length > 1 && <span className="pill bad num">{left === 0 ? tasks.length : left} like this</span>}
      <span className="cut">
        <b>{first?.error?.name ?? first?.title}</b> at <code>{first?.step}</code> of {first?.workflow_name}
        <span className="muted">: {first?.error?.message}</span>
      </span>
    </>
  );
};

function Tail({ task, onAssignee }: { task: TaskEntry; onAssignee: (address: string) => void }) {
  const [first, ...others] = task.assignees;
  return (
    <>
      {task.snoozed_until && Date.parse(task.snoozed_until) > Date.now() && (
        <span className="pill">
          until <Time at={task.snoozed_until} />
        </span>
      )}
      {first && (
        <button type="button" className="pill label" title={`What ${first} is asked`} onClick={() => onAssignee(first)}>
          {first}
          {others.length > 0 && ` +${others.length}`}
        </button>
      )}
      <span className="muted task-when">
        <Time at={task.opened_at} />
      </span>
    </>
  );
}

/** What of a group has been decided by itself. */
const Partly = ({ group, given }: { group: Group; given: ReadonlyMap<string, Given> }) => (
  <ul className="alike">
    {group.tasks.flatMap((task) => {
      const one = given.get(task.id);
      return one
        ? [
            <li key={task.id} className="row">
              <Link to="/runs/$runId" params={{ runId: task.run_id }} className="cut grow">
                {task.reference ?? task.run_name}
              </Link>
              <span className="pill good">{one.word}</span>
              {one.state === 'waits' && <Button onClick={() => undo(task.id)}>Undo</Button>}
            </li>,
          ]
        : [];
    })}
  </ul>
);

function isAbout(task: TaskEntry, q: string): boolean {
  const { title, reference, run_name, workflow_name, step, assignees, error } = task;
  return [title, reference, run_name, workflow_name, step, ...assignees, error?.name, error?.message]
    .join(' ')
    .toLowerCase()
    .includes(q.trim().toLowerCase());
}

interface NothingProps {
  whose: string;
  kind: string;
  q: string;
  putOff: number;
  onAll: () => void;
}

function Nothing({ whose, kind, q, putOff, onAll }: NothingProps) {
  return (
    <p className="panel-body muted">
      {q
        ? `No open question has “${q}” in it.`
        : whose === 'me'
          ? 'Nothing asks you by your mail address.'
          : whose
            ? `Nothing asks ${whose}.`
            : kind
              ? `No ${kind} is open.`
              : 'Nobody is asked anything. Steps of kind approval ask, and those with onError: ask that have failed.'}
      {putOff > 0 && ` ${putOff} ${putOff === 1 ? 'is' : 'are'} put off.`}{' '}
      {(whose || kind || q) && (
        <button type="button" className="link" onClick={onAll}>
          Show everybody’s
        </button>
      )}
    </p>
  );
}
