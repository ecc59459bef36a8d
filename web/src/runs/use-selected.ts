import { useNavigate, useRouterState } from '@tanstack/react-router';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Ids of the runs that are selected in a list. */
    selected?: readonly string[];
  }
}

const NONE: readonly string[] = [];

/**
 * The runs that are selected in this list. They are of the entry in the history, so that they are there again after Back and after a reload. Another filter
 * is another list, with nothing selected: nothing is done to what nobody sees.
 */
export function useSelected() {
  const selected = useRouterState({ select: ({ location }) => location.state.selected ?? NONE });
  const navigate = useNavigate();
  // From what is there by then: two clicks may come before the page is drawn anew.
  const set = (change: (now: readonly string[]) => readonly string[]) =>
    void navigate({
      to: '.',
      search: true,
      state: (now) => ({ ...now, selected: change(now.selected ?? NONE) }),
      replace: true,
      resetScroll: false,
    });
  return {
    selected,
    clear: () => set(() => NONE),
    toggle: (id: string) => set((now) => (now.includes(id) ? now.filter((one) => one !== id) : [...now, id])),
  };
}
