import type { ReactNode } from 'react';

interface Props {
  title: ReactNode;
  /** What screen readers and links call it; the title unless given. */
  label?: string;
  /** Beside the title: how many there are, or a word on them. */
  note?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children?: ReactNode;
}

/** A part of a page under its head: a title, a note beside it, and what may be done on the right. */
export const Panel = ({ title, label, note, actions, className = '', children }: Props) => (
  <section className={`panel ${className}`} aria-label={label ?? (typeof title === 'string' ? title : undefined)}>
    <div className="panel-head">
      <h2 className="cut">{title}</h2>
      {note && <span className="muted num">{note}</span>}
      {actions !== undefined && <span className="grow" />}
      {actions}
    </div>
    {children}
  </section>
);
