import { BlockList, isIP } from 'node:net';

/** Where an address leads: out into the net, or to this machine, this network, this link. */
export type AddressClass = 'public' | 'loopback' | 'private' | 'link-local';

const ranges: Readonly<Record<Exclude<AddressClass, 'public'>, BlockList>> = {
  loopback: list(['127.0.0.0/8', '0.0.0.0/8'], ['::1/128', '::/128']),
  private: list(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'], ['fc00::/7']),
  'link-local': list(['169.254.0.0/16'], ['fe80::/10']),
};

function list(v4: readonly string[], v6: readonly string[]): BlockList {
  const block = new BlockList();
  for (const [nets, family] of [
    [v4, 'ipv4'],
    [v6, 'ipv6'],
  ] as const) {
    for (const net of nets) {
      const [address = '', bits] = net.split('/');
      block.addSubnet(address, Number(bits), family);
    }
  }
  return block;
}

/** Of an address in numbers (`[::1]` may keep its brackets) or of the name localhost; undefined for any other name. */
export function classOfHost(host: string): AddressClass | undefined {
  const address = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (address === 'localhost' || address.endsWith('.localhost')) return 'loopback';
  const family = isIP(address);
  if (family === 0) return undefined;
  // An IPv4 address in the clothes of IPv6; a URL writes it in hexadecimal.
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1] ?? fromHexadecimal(address);
  if (mapped !== undefined) return classOfHost(mapped);
  for (const [name, block] of Object.entries(ranges)) {
    if (block.check(address, family === 4 ? 'ipv4' : 'ipv6')) return name as AddressClass;
  }
  return 'public';
}

function fromHexadecimal(address: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}
