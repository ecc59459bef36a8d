import { Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';

export interface Choice {
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** Whether it is chosen, where several may be: the menu stays open. */
  isOn?: boolean;
  /** Why it cannot be chosen now. */
  because?: string | null | undefined;
  act: () => void;
}

/** A menu of verbs; those that cannot be chosen say why. */
export const Choices = ({ children, choices }: { children: ReactNode; choices: readonly (Choice | 'line')[] }) => (
  <Menu position="bottom-end" width={250} transitionProps={{ duration: 0 }} withinPortal>
    <Menu.Target>{children}</Menu.Target>
    <Menu.Dropdown>
      {choices.map((choice, at) =>
        choice === 'line' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing else
          <Menu.Divider key={at} />
        ) : choice.isOn !== undefined ? (
          <Menu.CheckboxItem key={choice.label} checked={choice.isOn} checkIcon={<Icon name="check" />} onChange={choice.act}>
            {choice.label}
          </Menu.CheckboxItem>
        ) : (
          <Menu.Item
            key={choice.label}
            leftSection={choice.icon && <Icon name={choice.icon} />}
            {...(choice.danger && { className: 'danger' })}
            {...(choice.because && {
              'aria-disabled': true,
              'data-disabled': true,
              title: choice.because,
              closeMenuOnClick: false,
            })}
            onClick={choice.because ? undefined : choice.act}
          >
            {choice.label}
            {choice.because && <small>{choice.because}</small>}
          </Menu.Item>
        ),
      )}
    </Menu.Dropdown>
  </Menu>
);
