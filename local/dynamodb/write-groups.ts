import * as z from 'zod';
import type { ServiceAnswer } from './proxy.ts';

/** A write of one item that answers nothing but that it is done. */
export interface SingleWrite {
  operation: 'PutItem' | 'UpdateItem' | 'DeleteItem';
  /** Which item of which table. */
  item: string;
  /** The request. */
  text: string;
}

/** Asks the emulator. */
type Ask = (operation: string, text: string) => Promise<ServiceAnswer>;

interface Waiting extends SingleWrite {
  isAlone?: boolean;
  answer: (answer: ServiceAnswer) => void;
  fail: (error: unknown) => void;
}

/** A transaction takes 100. */
const MOST_IN_GROUP = 25;
const MOST_CHARACTERS = 512 * 1024;

const MEMBER = { PutItem: 'Put', UpdateItem: 'Update', DeleteItem: 'Delete' } as const;
const NOT_SAID = 'None';
const CONDITION = 'ConditionalCheckFailed';
const DONE = Buffer.from('{}');
const cancelled = z.object({
  CancellationReasons: z.array(z.object({ Code: z.string(), Message: z.string().nullish(), Item: z.unknown().optional() })),
});

/**
 * Group commit: the emulator writes to the disk for each request, one after the other, so what comes while it does so goes together as a transaction.
 * Each write is answered as if it had come alone, and only when it is on the disk.
 */
export class WriteGroups {
  readonly #ask: Ask;
  #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  write(write: SingleWrite): Promise<ServiceAnswer> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ ...write, answer, fail });
      if (!this.#isBusy) void this.#work();
    });
  }

  /** While one group is written to the disk the next gathers. */
  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#send(group);
      } catch (error) {
        for (const one of group) one.fail(error);
      }
    }
    this.#isBusy = false;
  }

  /** Those that have waited longest, each item once: a transaction refuses two writes of the same. */
  #take(): Waiting[] {
    const items = new Set<string>();
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    let characters = 0;
    for (const one of this.#waiting) {
      const fits = group.length < MOST_IN_GROUP && characters + one.text.length <= MOST_CHARACTERS && !group[0]?.isAlone;
      const isTaken = group.length === 0 || (fits && !one.isAlone && !items.has(one.item));
      items.add(one.item);
      if (isTaken) characters += one.text.length;
      (isTaken ? group : left).push(one);
    }
    this.#waiting = left;
    return group;
  }

  async #send(group: Waiting[]): Promise<void> {
    const [first] = group;
    if (first && group.length === 1) return first.answer(await this.#ask(first.operation, first.text));
    const members = group.map(({ operation, text }) => `{"${MEMBER[operation]}":${text}}`);
    const answer = await this.#ask('TransactWriteItems', `{"TransactItems":[${members.join(',')}]}`);
    // Nobody knows what became of it, or all of it is done.
    if (answer.status >= 500 || answer.status === 200) {
      const each = answer.status === 200 ? { ...answer, body: DONE } : answer;
      for (const one of group) one.answer(each);
      return;
    }
    const reasons = cancelled.safeParse(JSON.parse(answer.body.toString())).data?.CancellationReasons ?? [];
    const hasRefused = reasons.some(({ Code }) => Code === CONDITION);
    const again = group.filter((one, place) => {
      const { Code = '', Message, Item } = reasons[place] ?? {};
      if (Code === CONDITION) one.answer({ ...answer, body: refusal({ message: Message ?? '', Item }) });
      // What is at fault by itself is told so by itself.
      else one.isAlone = !hasRefused || Code !== NOT_SAID;
      return Code !== CONDITION;
    });
    this.#waiting.unshift(...again);
  }
}

const refusal = (said: { message: string; Item: unknown }) =>
  Buffer.from(JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', ...said }));
