import type { IconName } from '../kit/icons.tsx';

/** The pages that the side names. */
export const PLACES = [
  { to: '/runs', label: 'Runs', icon: 'runs', key: 'r', group: '' },
  { to: '/workflows', label: 'Workflows', icon: 'flow', key: 'w', group: '' },
  { to: '/inbox', label: 'Inbox', icon: 'inbox', key: 'i', group: '' },
  { to: '/deliveries', label: 'Deliveries', icon: 'mail', key: 'd', group: '' },
  { to: '/jobs', label: 'Jobs', icon: 'jobs', key: 'j', group: '' },
  { to: '/people', label: 'Members and keys', icon: 'people', key: 'm', group: 'Administration' },
  { to: '/audit', label: 'Audit', icon: 'audit', key: 'a', group: 'Administration' },
] as const satisfies { to: string; label: string; icon: IconName; key: string; group: string }[];
