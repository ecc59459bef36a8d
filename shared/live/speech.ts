import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { maskOf } from '../kernel/mask.ts';
import type { Speaker, SpeakingStep, Speech } from '../step/kind.ts';
import { type CredentialServices, GoodCredentials } from './good-credentials.ts';
import { type Listeners, type Posts, type RunSubscription, runTopic } from './live.ts';

export interface SpeechServices extends CredentialServices {
  listeners: Pick<Listeners, 'areThere' | 'ofRun'>;
  posts: Pick<Posts, 'post'>;
}

/** What is said in between is told together. */
const TOLD_EVERY_MS = 250;
/** Of one message. */
const MOST_CHARACTERS = 4_000;
/** Of one attempt of a step; its result says the rest. */
const MOST_IN_ALL = 64_000;
/** A character may take so many in a URL. */
const ESCAPED = 9;
const FOLLOWERS_KNOWN_MS = 1_000;
/** A step does not wait longer for those who listen. */
const PATIENCE_MS = 1_000;

/** Lets steps speak to whoever follows their run: what is lost on the way is lost, and no step fails of it. */
export class LiveSpeaker implements Speaker {
  readonly #services: SpeechServices;
  readonly #good: GoodCredentials;
  readonly #followers = new LRUCache<string, RunSubscription[]>({ max: 1_000, ttl: FOLLOWERS_KNOWN_MS });

  constructor(services: SpeechServices) {
    this.#services = services;
    this.#good = new GoodCredentials(services);
  }

  /** Undefined where nobody has listened to anything for a while. */
  async speechOf(step: SpeakingStep): Promise<Speech | undefined> {
    const isHeard = await this.#services.listeners.areThere().catch(() => false);
    return isHeard ? new StepSpeech(step, (message) => this.#tell(step.runId, message)) : undefined;
  }

  async #tell(runId: string, message: object): Promise<void> {
    const { listeners, posts } = this.#services;
    const followers = this.#followers.get(runId) ?? (await listeners.ofRun(runId));
    this.#followers.set(runId, followers, { noUpdateTTL: true });
    await Promise.all(
      followers.map(async ({ connectionId, credential }) => {
        if (await this.#good.has(credential)) await posts.post(connectionId, { topic: runTopic(runId), ...message });
      }),
    );
  }
}

class StepSpeech implements Speech {
  readonly #step: SpeakingStep;
  readonly #tell: (message: object) => Promise<void>;
  #text = '';
  #told = 0;
  #isCut = false;
  #timer: NodeJS.Timeout | undefined;
  #telling = Promise.resolve();

  constructor(step: SpeakingStep, tell: (message: object) => Promise<void>) {
    this.#step = step;
    this.#tell = tell;
  }

  say(text: string): void {
    const room = MOST_IN_ALL - this.#text.length;
    if (text.length > room) this.#isCut = true;
    if (room === 0 || this.#step.signal.aborted) return;
    this.#text += text.slice(0, room);
    this.#timer ??= setTimeout(() => this.#flush(), TOLD_EVERY_MS).unref();
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#step.signal.aborted) while (this.#flush('all'));
    await Promise.race([this.#telling, sleep(PATIENCE_MS, undefined, { ref: false })]);
  }

  /** Tells the next of what was said; true when that was not all. */
  #flush(how?: 'all'): boolean {
    this.#timer = undefined;
    if (this.#step.signal.aborted) return false;
    const secrets = this.#step.secrets();
    const masked = maskOf(secrets).text(this.#text);
    // A secret may have come in part: what could be the beginning of one is held back.
    const held = how === 'all' ? 0 : ESCAPED * Math.max(0, ...secrets.map(({ length }) => length));
    const ready = masked.slice(this.#told, Math.max(this.#told, masked.length - held));
    const text = ready.slice(0, MOST_CHARACTERS);
    const isAll = text.length === ready.length;
    if (text !== '') {
      const { name: step, attempt } = this.#step;
      const isCut = how === 'all' && isAll && this.#isCut;
      const chunk = { step, attempt, offset: this.#told, text, ...(isCut && { cut: true }) };
      this.#told += text.length;
      this.#telling = this.#telling.then(() => this.#tell({ chunk })).catch(() => undefined);
    }
    if (how !== 'all' && !isAll) this.#timer = setTimeout(() => this.#flush(), TOLD_EVERY_MS).unref();
    return !isAll;
  }
}
