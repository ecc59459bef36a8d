import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from '@tanstack/react-router';
import { Frame } from './frame/frame.tsx';
import { Empty, Problem } from './kit/controls.tsx';
import { runsSearch } from './runs/filter.ts';
import { RunsPage } from './runs/runs-page.tsx';

const root = createRootRoute({
  component: Frame,
  notFoundComponent: () => <Empty title="There is no such page">The address may be mistyped, or of another version.</Empty>,
  errorComponent: ({ error }) => (
    <div className="page">
      <Problem error={error} />
    </div>
  ),
});

/** A search parameter as text; what is empty is not there. */
const texts =
  <Name extends string>(...names: Name[]) =>
  (search: Record<string, unknown>): { [N in Name]?: string } =>
    Object.fromEntries(names.flatMap((name) => (search[name] ? [[name, String(search[name])]] : []))) as { [N in Name]?: string };

const routeTree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: () => <Navigate to="/runs" search={{}} replace /> }),
  // Where the sign-in provider sends people back to; until they are signed in, the frame shows how that goes.
  createRoute({ getParentRoute: () => root, path: '/signed-in', component: () => <Navigate to="/runs" search={{}} replace /> }),
  createRoute({ getParentRoute: () => root, path: '/runs', component: RunsPage, validateSearch: runsSearch }),
  createRoute({
    getParentRoute: () => root,
    path: '/runs/$runId',
    component: lazyRouteComponent(() => import('./run/run-page.tsx'), 'RunPage'),
    validateSearch: texts('step', 'tab', 'view', 'line', 'recover'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/workflows',
    component: lazyRouteComponent(() => import('./workflows/workflows-page.tsx'), 'WorkflowsPage'),
    validateSearch: texts('q'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/workflows/$workflowId',
    component: lazyRouteComponent(() => import('./workflows/workflow-page.tsx'), 'WorkflowPage'),
    validateSearch: (search: Record<string, unknown>) => ({
      ...runsSearch(search),
      ...texts('tab', 'run', 'case', 'of', 'as')(search),
    }),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/compare',
    component: lazyRouteComponent(() => import('./compare/compare-page.tsx'), 'ComparePage'),
    validateSearch: texts('a', 'b', 'which', 'step'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/analytics',
    component: lazyRouteComponent(() => import('./analytics/analytics-page.tsx'), 'AnalyticsPage'),
    validateSearch: texts('range', 'workflow'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/usage',
    component: lazyRouteComponent(() => import('./usage/usage-page.tsx'), 'UsagePage'),
    validateSearch: texts('range', 'workflow', 'by'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/subscriptions',
    component: lazyRouteComponent(() => import('./subscriptions/subscriptions-page.tsx'), 'SubscriptionsPage'),
    validateSearch: texts('id'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/connections',
    component: lazyRouteComponent(() => import('./connections/connections-page.tsx'), 'ConnectionsPage'),
    validateSearch: texts('id'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => import('./settings/settings-page.tsx'), 'SettingsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/reference',
    component: lazyRouteComponent(() => import('./pages/docs-page.tsx'), 'DocsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/inbox',
    component: lazyRouteComponent(() => import('./inbox/inbox-page.tsx'), 'InboxPage'),
    validateSearch: texts('whose', 'kind', 'task', 'off', 'q'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/deliveries',
    component: lazyRouteComponent(() => import('./pages/deliveries-page.tsx'), 'DeliveriesPage'),
    validateSearch: texts('outcome', 'trigger', 'day', 'q'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/calendar',
    component: lazyRouteComponent(() => import('./calendar/calendar-page.tsx'), 'CalendarPage'),
    validateSearch: texts('day'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/jobs',
    component: lazyRouteComponent(() => import('./jobs/jobs-page.tsx'), 'JobsPage'),
    validateSearch: texts('id', 'outcome'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/people',
    component: lazyRouteComponent(() => import('./pages/people-page.tsx'), 'PeoplePage'),
    validateSearch: texts('q'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    component: lazyRouteComponent(() => import('./pages/audit-page.tsx'), 'AuditPage'),
    validateSearch: texts('actor', 'object', 'act', 'range', 'entry'),
  }),
]);

/** Search parameters are plain texts, so that an address can be read and typed. */
const parseSearch = (search: string) => Object.fromEntries(new URLSearchParams(search));
const stringifySearch = (search: Record<string, unknown>) => {
  const given = Object.entries(search).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
};

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
