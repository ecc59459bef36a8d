import { Modal } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Button, Field, Problem } from './controls.tsx';

interface DialogProps {
  title: string;
  opened: boolean;
  onClose: () => void;
  size?: 'md' | 'lg' | 'xl';
  children: ReactNode;
}

/** A dialog: Escape closes it, and focus goes back to where it came from. */
export const Dialog = ({ title, opened, onClose, size = 'md', children }: DialogProps) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title={title}
    size={size}
    // Locking the page would write a style element, which the policy of the page does not allow.
    lockScroll={false}
    transitionProps={{ duration: 0 }}
    closeButtonProps={{ 'aria-label': 'Close' }}
    centered
  >
    {children}
  </Modal>
);

/** What an act gives that has more to ask before it is done: the dialog stays. */
export const STAY = Symbol('stay');

interface ActProps extends Omit<DialogProps, 'children'> {
  /** What the button says: the verb. */
  verb: string;
  danger?: boolean;
  /** Why it cannot be done yet. */
  because?: string | undefined;
  act: () => Promise<unknown>;
  children: ReactNode;
}

/** A dialog that says what will be touched, and then does it. */
export function ActDialog({ verb, danger = false, because, act, children, ...dialog }: ActProps) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (because || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      if ((await act()) !== STAY) dialog.onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog {...dialog}>
      <form onSubmit={submit} className="act">
        {children}
        {error !== undefined && <Problem error={error} />}
        <div className="act-foot">
          <Button kind="ghost" onClick={dialog.onClose}>
            Cancel
          </Button>
          <Button type="submit" kind={danger ? 'danger' : 'primary'} because={because} disabled={busy}>
            {busy ? 'Working…' : verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Of a dialog that has only something to show. */
export const DoneFoot = ({ onDone }: { onDone: () => void }) => (
  <div className="act-foot">
    <Button kind="primary" onClick={onDone}>
      Done
    </Button>
  </div>
);

/** The most that the API takes as a reason. */
const MOST_WORDS = 500;

interface ReasonProps extends Omit<ActProps, 'act' | 'children'> {
  label?: string;
  hint?: ReactNode;
  /** What stands there already. */
  proposed?: string;
  most?: number;
  /** Gets what was said, if anything was. */
  act: (reason: string | undefined) => Promise<unknown>;
  children?: ReactNode;
}

/** A dialog that asks why before it does it. */
export function ReasonDialog({
  label = 'Reason',
  hint = 'In the audit log, with your name.',
  proposed = '',
  most = MOST_WORDS,
  act,
  children,
  ...dialog
}: ReasonProps) {
  const [text, setText] = useState(proposed);
  return (
    <ActDialog {...dialog} act={() => act(text.trim() || undefined)}>
      {children}
      <Field label={label} hint={hint}>
        {(id) => (
          <input
            id={id}
            className="input"
            data-autofocus
            maxLength={most}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </ActDialog>
  );
}
