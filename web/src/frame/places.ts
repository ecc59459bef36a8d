import type { IconName } from '../kit/icons.tsx';

/** The pages that the side names. */
export const PLACES = [
  { to: '/runs', label: 'Runs', icon: 'runs', key: 'r', group: '' },
  { to: '/workflows', label: 'Workflows', icon: 'flow', key: 'w', group: '' },
] as const satisfies { to: string; label: string; icon: IconName; key: string; group: string }[];
