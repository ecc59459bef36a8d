import { type Choice, Choices } from '../kit/menu.tsx';

interface Props {
  name: string;
  /** What stands before the settings. */
  first?: readonly Choice[];
  change: () => void;
  remove: () => void;
}

/** What else may be done with a trigger. */
export const More = ({ name, first = [], change, remove }: Props) => (
  <Choices
    choices={[
      ...first,
      { label: 'Settings', icon: 'edit', act: change },
      { label: 'Delete', icon: 'cross', danger: true, act: remove },
    ]}
  >
    <button type="button" className="button" aria-label={`More on ${name}`}>
      More
    </button>
  </Choices>
);
