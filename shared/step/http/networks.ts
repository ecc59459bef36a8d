import ipaddr from 'ipaddr.js';

const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Whether a step may connect to `address`: it is public, or one of the `allowed` networks (CIDRs) holds it. */
export function mayReach(address: string, allowed: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const target = effective(address);
  return isPublic(target) || allowed.some((network) => holds(network, target));
}

/** Throws on the first text that is not a network such as `10.0.0.0/8`. */
export function checkNetworks(networks: readonly string[]): void {
  for (const network of networks) {
    if (!ipaddr.isValidCIDR(network)) throw new Error(`"${network}" is not a network such as 10.0.0.0/8`);
  }
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

function holds(network: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const [base, bits] = ipaddr.parseCIDR(network);
  return base.kind() === address.kind() && address.match(base, bits);
}
