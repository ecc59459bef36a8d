import { useEffect, useRef, useSyncExternalStore } from 'react';
import { freshCredential } from './fresh.ts';
import { meQuery, queries } from './queries.ts';
import { type Credential, onSession } from './session.ts';

/** What is listened to: one run from a line of its log on, or all runs of a filter. */
type Subscription = { subscribe: `run:${string}`; after?: number } | { subscribe: 'feed'; filter: object };

interface Listener {
  /** As it is subscribed now: a run from the line that was seen last. */
  subscription: () => Subscription;
  onNews: () => void;
  /** Hears what is told nowhere else: pieces of what a model says. */
  onChunk?: (chunk: unknown) => void;
}

const AUTHORIZED_WITHIN_MS = 8000;
const AGAIN_MS = 1000;
const AGAIN_MOST_MS = 30_000;

/** Whether news come by themselves, are looked for, or nobody wants any. */
export type LiveState = 'idle' | 'connecting' | 'live' | 'looking';

/**
 * One connection for the page, for as long as somebody listens. What comes over it says that there is news; the news itself is read from the API, so that a
 * page shows the same with it and without.
 */
class Live {
  readonly #listeners = new Map<string, Listener>();
  readonly #watchers = new Set<() => void>();
  #socket: WebSocket | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Of what the server tells news now. */
  readonly #heard = new Set<string>();
  #isOpen = false;
  #isAsking = false;

  get state(): LiveState {
    if (this.#listeners.size === 0) return 'idle';
    if (this.#isOpen) return 'live';
    return this.#failures > 0 ? 'looking' : 'connecting';
  }

  hears = (topic: string) => this.#heard.has(topic);

  watch = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Listens until the function that it gives is called. Of each topic a page listens to one. */
  listen(topic: string, listener: Listener): () => void {
    this.#listeners.set(topic, listener);
    if (this.#isOpen) this.#subscribe(listener);
    else if (this.#again === undefined) void this.#connect();
    this.#tell();
    return () => {
      if (this.#listeners.get(topic) !== listener) return;
      this.#listeners.delete(topic);
      this.#heard.delete(topic);
      // Not when the page listens to the same with another filter at once: messages may overtake each other.
      setTimeout(() => this.#isOpen && !this.#listeners.has(topic) && this.#send({ unsubscribe: topic }));
      this.#tell();
    };
  }

  /** Whoever signs out is told nothing more. */
  close(): void {
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    this.#again = undefined;
    if (this.#socket || this.#isAsking || this.#listeners.size === 0) return;
    this.#isAsking = true;
    try {
      const { live_url: url } = await queries.ensureQueryData(meQuery);
      const who = await freshCredential();
      if (who) this.#open(url, who);
    } catch {
      this.#later();
    } finally {
      this.#isAsking = false;
    }
  }

  #open(url: string, who: Credential): void {
    const socket = new WebSocket(url);
    this.#socket = socket;
    const late = setTimeout(() => socket.close(), AUTHORIZED_WITHIN_MS);
    socket.onopen = () => this.#send(authorization(who));
    socket.onmessage = ({ data }) => {
      const message = messageOf(data);
      // What a model says meanwhile: its answer is news when it is whole.
      if (message.chunk !== undefined) return this.#listeners.get(message.topic ?? '')?.onChunk?.(message.chunk);
      if (message.authorized !== undefined) {
        clearTimeout(late);
        this.#failures = 0;
        this.#isOpen = true;
        this.#tell();
        for (const listener of this.#listeners.values()) this.#subscribe(listener);
      }
      const listener = this.#listeners.get(message.topic ?? message.subscribed ?? '');
      if (message.subscribed !== undefined) {
        this.#heard.add(message.subscribed);
        this.#tell();
      }
      if (message.lagging && listener) this.#subscribe(listener);
      // What happened before it was subscribed nobody tells: it is read as well.
      listener?.onNews();
    };
    socket.onclose = () => {
      clearTimeout(late);
      this.#socket = undefined;
      this.#isOpen = false;
      this.#heard.clear();
      this.#later();
      this.#tell();
    };
  }

  #later(): void {
    if (this.#listeners.size === 0) return;
    this.#failures += 1;
    const ms = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** (this.#failures - 1));
    this.#again ??= setTimeout(() => void this.#connect(), ms);
  }

  #subscribe({ subscription }: Listener): void {
    const message = subscription();
    this.#heard.delete(message.subscribe);
    this.#send(message);
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

const authorization = (who: Credential) =>
  who.kind === 'key' ? { authorize: who.key } : { authorize: who.token, ...(who.member !== undefined && { member: who.member }) };

interface Message {
  authorized?: unknown;
  subscribed?: string;
  topic?: string;
  lagging?: boolean;
  chunk?: unknown;
}

function messageOf(data: unknown): Message {
  try {
    const message: unknown = JSON.parse(String(data));
    return typeof message === 'object' && message !== null ? message : {};
  } catch {
    return {};
  }
}

export const live = new Live();
onSession(() => live.close());

export const useLiveState = () => useSyncExternalStore(live.watch, () => live.state);

/** Is rung when there is news. Who waits hears also what has rung before. */
export class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  async heard(withinMs: number): Promise<void> {
    if (!this.#hasRung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#hasRung = false;
  }
}

/** News that come together are asked for once. */
const SETTLE_MS = 400;
const FEED = 'feed';

/** Asks for what has changed about the runs of a filter, soon after it has. Gives whether news come by themselves. */
export function useFeed(filter: object, onNews: () => unknown, settleMs = SETTLE_MS): boolean {
  const isLive = useSyncExternalStore(live.watch, () => live.hears(FEED));
  const current = useRef(onNews);
  current.current = onNews;
  const key = JSON.stringify(filter);
  useEffect(() => {
    let settle: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      settle ??= setTimeout(() => {
        settle = undefined;
        void current.current();
      }, settleMs);
    };
    const gone = live.listen(FEED, {
      subscription: () => ({ subscribe: FEED, filter: JSON.parse(key) }),
      onNews: heard,
    });
    return () => {
      clearTimeout(settle);
      gone();
    };
  }, [key, settleMs]);
  return isLive;
}
