import type { AppFunction } from './app-function.ts';
import type { Settings } from './settings.ts';

/** Assuming the roles that connections of type aws may name: those that the owner of the installation has listed, and no others. */
export function allowRoles(fn: AppFunction, { assumableRoles: resources }: Pick<Settings, 'assumableRoles'>): void {
  if (resources.length > 0) fn.allow({ actions: ['sts:AssumeRole'], resources });
}
