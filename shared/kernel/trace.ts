import { hash } from 'node:crypto';
import * as z from 'zod';

/** The trace that whoever started a run is in, as W3C Trace Context has it. */
export const trace = z.object({
  /** Its `traceparent`. */
  parent: z.string(),
  /** Its `tracestate`: what tracing systems of others say to each other. */
  state: z.string().optional(),
});
export type Trace = z.infer<typeof trace>;

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MOST_STATE_CHARACTERS = 512;
/** Of the versions to come, only what version 0 has is known. */
const VERSION = '00';

/** The trace that a request is in; undefined when it says none, or none that is valid: section 3.2.2. */
export function traceIn(headers: Readonly<Record<string, string | undefined>>): Trace | undefined {
  const [, version, id, span, flags, more] = PARENT.exec(headers['traceparent']?.trim() ?? '') ?? [];
  if (version === undefined || version === 'ff' || /^0+$/.test(id ?? '0') || /^0+$/.test(span ?? '0')) return undefined;
  if (version === VERSION && more !== undefined) return undefined;
  const state = headers['tracestate']?.trim();
  const isKept = state !== undefined && state !== '' && state.length <= MOST_STATE_CHARACTERS && /^[\x20-\x7e]+$/.test(state);
  return { parent: `${VERSION}-${id}-${span}-${flags}`, ...(isKept && { state }) };
}

/** Our member of `tracestate`: how many events in a row have led here. */
const MEMBER = /^millrun=(\d{1,4})$/;
const MOST_EVENTS = 9_999;

const membersOf = ({ state }: Pick<Trace, 'state'>) => (state ?? '').split(',').map((member) => member.trim());

/** How many events in a row, each told by a run that the one before it had started, have led here. */
export function eventsBehind(trace: Trace | undefined): number {
  const [, count = '0'] = membersOf(trace ?? {}).flatMap((member) => MEMBER.exec(member) ?? []);
  return Number(count);
}

/** The trace of an event that is told in this one. */
export function toldIn(trace: Trace): Trace {
  const kept = [`millrun=${Math.min(eventsBehind(trace) + 1, MOST_EVENTS)}`];
  for (const member of membersOf(trace))
    if (member !== '' && !MEMBER.test(member) && [...kept, member].join().length <= MOST_STATE_CHARACTERS) kept.push(member);
  return { ...trace, state: kept.join() };
}

interface Traced {
  id: string;
  trace?: Trace | undefined;
}

const partsOf = ({ id, trace }: Traced) => {
  const [, , given, , flags] = PARENT.exec(trace?.parent ?? '') ?? [];
  // Made of the run's id where it came without one: every attempt is in the same trace, and nothing has to be kept. 01: whoever is called may record it.
  return { traceId: given ?? hex(`trace ${id}`, 32), flags: flags ?? '01' };
};

/** The id of the trace that a run is in. */
export const traceIdOf = (run: Traced): string => partsOf(run).traceId;

/** The trace of what a step of the run calls or starts; `span` tells its attempts apart. */
export function traceFrom(run: Traced, span: string): Trace {
  const { traceId, flags } = partsOf(run);
  const parent = `${VERSION}-${traceId}-${hex(`span ${run.id} ${span}`, 16)}-${flags}`;
  return { parent, ...(run.trace?.state !== undefined && { state: run.trace.state }) };
}

/** As the headers of a request. */
export const traceHeaders = ({ parent, state }: Trace): Record<string, string> => ({
  traceparent: parent,
  ...(state !== undefined && { tracestate: state }),
});

const hex = (text: string, characters: number) => hash('sha256', text, 'hex').slice(0, characters);
