import { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Slots } from '../../kernel/slots.ts';
import { StepError } from '../../kernel/step-error.ts';
import { unreachable } from './failure.ts';
import {
  type Cidr,
  cidrs,
  closedTo,
  hostOf,
  isOneOf,
  mayReach,
  portOf,
  type ReservedEndpoint,
  reservedEndpoint,
} from './networks.ts';

/** What an installation decides about the network that steps see. */
export interface NetworkSettings {
  /** CIDRs that steps may reach although they are not public. */
  allowedNetworks?: readonly string[];
  /** Where the installation itself answers, as URLs: out of reach but for what begins with the path. */
  reservedEndpoints?: readonly string[];
  /** How many calls there are at once; more wait, which their time limits do not. */
  connections?: number | undefined;
  /** Resolves names; the system's resolver unless a test says otherwise. */
  lookup?: LookupFunction;
  /** Certificates to trust beside the usual ones. */
  ca?: string;
}

/** Connections that are kept between calls, and the rule about where they may lead. */
export interface Network {
  agentFor(url: URL): HttpAgent;
  /** Waits for a connection to be free; answers how to give it back. */
  take(signal: AbortSignal): Promise<() => void>;
  /** Throws `ConnectionFailed` when the URL names an address that steps may not reach. Names are checked once resolved. */
  check(url: URL): void;
  /** A connection of its own, for what is not HTTP. Throws `ConnectionFailed`, or whatever reason the signal was aborted with. */
  connect(host: string, port: number, signal: AbortSignal): Promise<Socket>;
  /** Certificates that are trusted beside the usual ones. */
  ca: string | undefined;
}

/** More than a function on AWS ever makes. */
const CONNECTIONS = 256;
const CONNECT_MS = 10_000;
/** Of the connections, so many are kept when nobody needs them: a quarter. */
const KEPT_SHARE = 4;
/** Node's own servers close idle connections after 5 s; others wait longer. */
const MAX_IDLE_MS = 4000;
const SWEEP_EVERY_MS = 1000;

/** Opens a network: its own pool of connections under its own rule. */
export function openNetwork({
  allowedNetworks = [],
  reservedEndpoints = [],
  connections = CONNECTIONS,
  lookup = systemLookup,
  ca,
}: NetworkSettings = {}): Network {
  const allowed = cidrs(allowedNetworks);
  const reserved = reservedEndpoints.map(reservedEndpoint);
  const open = (rule: Rule, keepAlive: boolean) => ({
    http: new HttpAgent({ keepAlive, lookup: guardLookup(lookup, rule) }),
    https: new HttpsAgent({ keepAlive, lookup: guardLookup(lookup, rule), ...(ca && { ca }) }),
  });
  const kept = open({ allowed, closed: [] }, true);
  const sweepers = new Map([kept.http, kept.https].map((agent) => [agent, idleSweeper(agent, connections / KEPT_SHARE)]));
  const slots = new Slots(connections);
  const ruleFor = (url: URL): Rule => ({ allowed, closed: closedTo(url, reserved) });

  return {
    agentFor(url) {
      const scheme = url.protocol === 'https:' ? 'https' : 'http';
      // A connection that is kept would be there for every path.
      if (reserved.some(({ port }) => port === portOf(url))) return open(ruleFor(url), false)[scheme];
      const agent = kept[scheme];
      sweepers.get(agent)?.();
      return agent;
    },
    take: (signal) => slots.take(signal),
    check(url) {
      const host = hostOf(url);
      const fault = isIP(host) ? faultOf(host, ruleFor(url)) : undefined;
      if (fault) throw forbiddenAddress(host, host, fault);
    },
    async connect(host, port, signal) {
      const rule = { allowed, closed: reserved.filter((one) => one.port === port) };
      const fault = isIP(host) ? faultOf(host, rule) : undefined;
      if (fault) throw forbiddenAddress(host, host, fault);
      const socket = connect({ host, port, lookup: guardLookup(lookup, rule) });
      try {
        await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]) });
        return socket;
      } catch (error) {
        socket.destroy();
        if (signal.aborted) throw signal.reason;
        throw unreachable(`The connection to ${host}:${port}`, { host, port }, isAbort(error) ? TOO_LATE : error);
      }
    },
    ca,
  };
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError';
const TOO_LATE = Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });

/** Where one request may go. */
interface Rule {
  allowed: readonly Cidr[];
  closed: readonly ReservedEndpoint[];
}

function faultOf(address: string, { allowed, closed }: Rule): string | undefined {
  if (!mayReach(address, allowed)) return 'is not a public address; an administrator can allow its network with ALLOWED_NETWORKS';
  return isOneOf(address, closed) ? 'belongs to the installation itself, which steps may not reach there' : undefined;
}

/** The address that was checked is the address that is dialled: a second look-up could answer otherwise. */
function guardLookup(lookup: LookupFunction, rule: Rule): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, '');
      const addresses = Array.isArray(found) ? found : [{ address: found, family: family ?? isIP(found) }];
      const faults = addresses.map(({ address }) => faultOf(address, rule));
      const reachable = addresses.filter((_, index) => faults[index] === undefined);
      const [first] = reachable;
      if (!first) {
        const all = addresses.map(({ address }) => address).join(', ');
        return callback(forbiddenAddress(hostname, all, faults[0] ?? 'has no address'), '');
      }
      return options.all ? callback(null, reachable) : callback(null, first.address, first.family);
    });
  };
}

function forbiddenAddress(host: string, addresses: string, fault: string): StepError {
  const where = host === addresses || addresses === '' ? host : `${host} (${addresses})`;
  return new StepError('ConnectionFailed', `${where} ${fault}`, { code: 'ADDRESS_REFUSED', host });
}

/**
 * Closes connections that have been idle for long, by the wall clock: a function that was frozen wakes up with connections that look alive
 * and are not, and a POST that meets one cannot be sent again safely.
 */
function idleSweeper(agent: HttpAgent, mostKept: number): () => void {
  const idleSince = new WeakMap<Duplex, number>();
  const idle = () => Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  const keep = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    if (idle().length >= mostKept) return false;
    idleSince.set(socket, Date.now());
    return keep(socket);
  };

  let swept = Date.now();
  return () => {
    const now = Date.now();
    if (now - swept < SWEEP_EVERY_MS) return;
    swept = now;
    for (const socket of idle()) if (now - (idleSince.get(socket) ?? now) > MAX_IDLE_MS) socket.destroy();
  };
}
