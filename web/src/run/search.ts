/** What the address of a run's page says beside the run. */
export interface RunSearch {
  step?: string | undefined;
  tab?: string | undefined;
  view?: string | undefined;
  line?: string | undefined;
  recover?: string | undefined;
}
