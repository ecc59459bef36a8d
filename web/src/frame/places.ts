import type { IconName } from '../kit/icons.tsx';

/** The pages that the side names. */
export const PLACES = [
  { to: '/runs', label: 'Runs', icon: 'runs', key: 'r', group: '' },
  { to: '/workflows', label: 'Workflows', icon: 'flow', key: 'w', group: '' },
  { to: '/inbox', label: 'Inbox', icon: 'inbox', key: 'i', group: '' },
  { to: '/deliveries', label: 'Deliveries', icon: 'mail', key: 'd', group: '' },
  { to: '/calendar', label: 'Calendar', icon: 'calendar', key: 'l', group: '' },
  { to: '/jobs', label: 'Jobs', icon: 'jobs', key: 'j', group: '' },
  { to: '/analytics', label: 'Analytics', icon: 'chart', key: 'n', group: '' },
  { to: '/usage', label: 'Usage', icon: 'tag', key: 'u', group: '' },
  { to: '/connections', label: 'Connections', icon: 'hook', key: 'c', group: 'Administration' },
  { to: '/subscriptions', label: 'Subscriptions', icon: 'bolt', key: 'b', group: 'Administration' },
  { to: '/people', label: 'Members and keys', icon: 'people', key: 'm', group: 'Administration' },
  { to: '/audit', label: 'Audit', icon: 'audit', key: 'a', group: 'Administration' },
  { to: '/settings', label: 'Settings', icon: 'edit', key: 's', group: 'Administration' },
  { to: '/reference', label: 'Docs', icon: 'docs', key: 'o', group: 'Administration' },
] as const satisfies { to: string; label: string; icon: IconName; key: string; group: string }[];
