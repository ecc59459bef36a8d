import { lookup as systemLookup } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { StepError } from '../step-error.ts';
import { checkNetworks, mayReach } from './networks.ts';

/** What an installation decides about the network that steps see. */
export interface NetworkSettings {
  /** CIDRs that steps may reach although they are not public. */
  allowedNetworks?: readonly string[];
  /** Resolves names; the system's resolver unless a test says otherwise. */
  lookup?: LookupFunction;
  /** Certificates to trust beside the usual ones. */
  ca?: string;
}

/** Connections that are kept between calls, and the rule about where they may lead. */
export interface Network {
  agentFor(url: URL): HttpAgent;
  /** Throws `ConnectionFailed` when the URL names an address that steps may not reach. Names are checked once resolved. */
  check(url: URL): void;
}

/** Node's own servers close idle connections after 5 s; others wait longer. */
const MAX_IDLE_MS = 4000;
const SWEEP_EVERY_MS = 1000;

/** Opens a network: its own pool of connections under its own rule. */
export function openNetwork({ allowedNetworks = [], lookup = systemLookup, ca }: NetworkSettings = {}): Network {
  checkNetworks(allowedNetworks);
  const guarded = guardLookup(lookup, allowedNetworks);
  const http = new HttpAgent({ keepAlive: true, lookup: guarded });
  const https = new HttpsAgent({ keepAlive: true, lookup: guarded, ...(ca && { ca }) });
  const sweepers = new Map([http, https].map((agent) => [agent, idleSweeper(agent)]));

  return {
    agentFor(url) {
      const agent = url.protocol === 'https:' ? https : http;
      sweepers.get(agent)?.();
      return agent;
    },
    check(url) {
      const host = bareHost(url);
      if (isIP(host) && !mayReach(host, allowedNetworks)) throw refused(host, host);
    },
  };
}

/** The host of a URL without the brackets of IPv6. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** The address that was checked is the address that is dialled: a second look-up could answer otherwise. */
function guardLookup(lookup: LookupFunction, allowed: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, '');
      const addresses = Array.isArray(found) ? found : [{ address: found, family: family ?? isIP(found) }];
      const reachable = addresses.filter(({ address }) => mayReach(address, allowed));
      const [first] = reachable;
      if (!first) return callback(refused(hostname, addresses.map(({ address }) => address).join(', ')), '');
      return options.all ? callback(null, reachable) : callback(null, first.address, first.family);
    });
  };
}

function refused(host: string, addresses: string): StepError {
  const where = host === addresses ? host : `${host} (${addresses || 'no address'})`;
  const message = `${where} is not a public address; an administrator can allow its network with ALLOWED_NETWORKS`;
  return new StepError('ConnectionFailed', message, { code: 'ADDRESS_REFUSED', host });
}

/**
 * Closes connections that have been idle for long, by the wall clock: a function that was frozen wakes up with connections that look alive
 * and are not, and a POST that meets one cannot be sent again safely.
 */
function idleSweeper(agent: HttpAgent): () => void {
  const idleSince = new WeakMap<Duplex, number>();
  const keep = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    idleSince.set(socket, Date.now());
    return keep(socket);
  };

  let swept = Date.now();
  return () => {
    const now = Date.now();
    if (now - swept < SWEEP_EVERY_MS) return;
    swept = now;
    for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
      if (now - (idleSince.get(socket) ?? now) > MAX_IDLE_MS) socket.destroy();
    }
  };
}
