import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { call } from '../api/call.ts';
import { queries, type Run } from '../api/queries.ts';
import { Button, IconButton } from '../kit/controls.tsx';
import { Panel } from '../kit/panel.tsx';
import { Time } from '../kit/time.tsx';
import { tellProblem } from '../kit/told.tsx';
import { nameOf } from './headline.tsx';

/** What people have to say of the run. */
export function Comments({ run }: { run: Run }) {
  const key = ['comments', run.id];
  const params = { run_id: run.id };
  const comments = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => call('listComments', { params, query: { limit: 100 } }, signal),
  });
  const [text, setText] = useState('');
  const again = () => queries.invalidateQueries({ queryKey: key });
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '') return;
    await call('addComment', { params, body: { text: text.trim() } }).then(() => setText(''), tellProblem);
    await again();
  };
  const remove = (comment_id: string) => call('deleteComment', { params: { ...params, comment_id } }).then(again, tellProblem);
  const items = comments.data?.items ?? [];
  return (
    <Panel title="Comments" note={items.length > 0 && items.length}>
      <div className="panel-body stack">
        {items.toReversed().map((comment) => (
          <article key={comment.id} className="comment">
            <div className="row">
              <b>{nameOf(comment.actor)}</b>
              <span className="faint">
                <Time at={comment.created_at} />
                {comment.edited_at && ', edited'}
              </span>
              <span className="grow" />
              <IconButton icon="cross" label="Delete this comment" onClick={() => void remove(comment.id)} />
            </div>
            <p>{comment.text}</p>
          </article>
        ))}
        <form className="row" onSubmit={add}>
          <input
            className="input grow"
            placeholder="What should the next reader know?"
            aria-label="Comment"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Button type="submit" disabled={text.trim() === ''}>
            Comment
          </Button>
        </form>
      </div>
    </Panel>
  );
}
