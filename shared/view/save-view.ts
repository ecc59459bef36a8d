import { Problem } from '../kernel/problem.ts';
import { type SavedView, type SavedViews, type ViewRequest, viewAfter } from './saved-view.ts';

interface Services {
  views: SavedViews;
  now: () => Date;
}

/** How many one owner has, and how many are shared in a workspace: a list shows them all. */
export const MOST_OWN = 100;
export const MOST_SHARED = 200;

/** Saves a view under its name, whether its owner has one of that name already or not. Throws `conflict` when there are too many. */
export async function saveView({ views, now }: Services, request: ViewRequest): Promise<SavedView> {
  for (;;) {
    const own = await views.own(request.workspace, request.owner.id);
    const seen = own.find(({ name }) => name === request.name);
    if (!seen && own.length >= MOST_OWN) throw tooMany(`You have ${own.length} views`, MOST_OWN);
    if (request.shared && !seen?.shared) {
      const { length } = await views.shared(request.workspace);
      if (length >= MOST_SHARED) throw tooMany(`The workspace shares ${length} views`, MOST_SHARED);
    }
    const next = viewAfter(seen, request, now());
    if (await views.save(next, seen)) return next;
  }
}

const tooMany = (what: string, value: number) =>
  new Problem('conflict', `${what}; there can be ${value}. Delete one that is not needed any more.`, [{ name: 'limit', value }]);
