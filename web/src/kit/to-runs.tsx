import { Link } from '@tanstack/react-router';

/** Where there is something to choose from. */
export const ToRuns = () => (
  <Link to="/runs" search={{}} className="button">
    To the runs
  </Link>
);
