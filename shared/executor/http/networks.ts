import ipaddr from 'ipaddr.js';

const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** A range of addresses. */
export type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** Reads `10.0.0.0/8` and its like; throws on the first text that is no network. */
export function cidrs(networks: readonly string[]): Cidr[] {
  return networks.map((network) => {
    if (!ipaddr.isValidCIDR(network)) throw new Error(`"${network}" is not a network such as 10.0.0.0/8`);
    return ipaddr.parseCIDR(network);
  });
}

/** Whether a step may connect to `address`: it is public, or one of the `allowed` networks holds it. */
export function mayReach(address: string, allowed: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const target = effective(address);
  return isPublic(target) || allowed.some((network) => holds(network, target));
}

/** An address and port of the installation itself, which steps may not reach in whatever network it is. */
export interface ReservedEndpoint {
  address: string;
  port: number;
  /** What stays open: paths that begin like this. */
  openPath: string | undefined;
}

/** Reads `http://127.0.0.1:4566/_sample/`; without a path, nothing stays open. */
export function reservedEndpoint(text: string): ReservedEndpoint {
  const url = new URL(text);
  return { address: hostOf(url), port: portOf(url), openPath: url.pathname === '/' ? undefined : url.pathname };
}

/** Those of them with the port of `url` and another path: whatever its name resolves to, it must be none of these. */
export function closedTo(url: URL, reserved: readonly ReservedEndpoint[]): ReservedEndpoint[] {
  return reserved.filter(
    ({ port, openPath }) => port === portOf(url) && !(openPath !== undefined && url.pathname.startsWith(openPath)),
  );
}

/** Whether `address` is that of one of them. This machine has many: 127.0.0.1, ::1, 0.0.0.0 and their like. */
export function isOneOf(address: string, endpoints: readonly ReservedEndpoint[]): boolean {
  const target = effective(address);
  return endpoints.some((endpoint) => {
    const own = effective(endpoint.address);
    return own.toString() === target.toString() || (isLocal(own) && isLocal(target));
  });
}

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

export function portOf(url: URL): number {
  return Number(url.port || (url.protocol === 'https:' ? 443 : 80));
}

function isLocal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'loopback' || address.range() === 'unspecified';
}

/** The address that packets end up at: IPv4 hides in mapped and in NAT64 addresses. */
function effective(address: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv6' && parsed.match(NAT64)) return ipaddr.fromByteArray(parsed.toByteArray().slice(12));
  return parsed;
}

/** ipaddr.js calls every unassigned IPv6 address `unicast`; only 2000::/3 has been given out. */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST));
}

function holds([base, bits]: Cidr, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return base.kind() === address.kind() && address.match(base, bits);
}
