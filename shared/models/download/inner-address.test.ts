import { expect, test } from 'vitest';
import { type AddressClass, classOfHost } from './inner-address.ts';

test.for<readonly [string, AddressClass | undefined]>([
  ['127.0.0.1', 'loopback'],
  ['localhost', 'loopback'],
  ['0.0.0.0', 'loopback'],
  ['[::1]', 'loopback'],
  ['10.0.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['fd00::1', 'private'],
  ['169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['::ffff:10.0.0.1', 'private'],
  ['[::ffff:7f00:1]', 'loopback'],
  ['8.8.8.8', 'public'],
  ['2606:4700::1111', 'public'],
  ['huggingface.co', undefined],
])('%s is %s', ([host, expected]) => {
  expect(classOfHost(host)).toBe(expected);
});

test('the ways to write an address that a URL knows end as one', () => {
  for (const host of ['0x7f000001', '2130706433', '127.1', '0177.0.0.1'])
    expect(classOfHost(new URL(`http://${host}/`).hostname)).toBe('loopback');
});
