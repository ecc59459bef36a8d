/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** Opaque; goes on behind the last item, whatever has come since. */
  next: string | undefined;
  /** Of a filtered list: the time down to which it has looked. */
  searchedTo?: string | undefined;
  /** The id of the last that was looked at, when there is more. */
  end?: string | undefined;
}

export interface PageOf {
  limit: number;
  token?: string | undefined;
}
