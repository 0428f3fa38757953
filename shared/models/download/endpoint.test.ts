import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEndpoint, shownUrl } from './endpoint.ts';

const patience = { stallMs: 2000, connectMs: 2000, env: {} };
let server: ReturnType<typeof createServer>;
let port: number;
let location: string;

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url === '/start') response.writeHead(302, { location }).end();
    else response.end('found');
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Names of a net that is only here. */
const lookup: LookupFunction = (name, options, callback) => {
  const address = { 'inner.example': '10.0.0.7', 'metadata.example': '169.254.169.254' }[name] ?? '127.0.0.1';
  if (options.all === true) callback(null, [{ address, family: 4 }]);
  else callback(null, address, 4);
};

async function follow(host: string): Promise<number> {
  location = `http://${host}:${port}/found`;
  await using endpoint = openEndpoint(`http://127.0.0.1:${port}`, { ...patience, lookup });
  const url = new URL(`http://127.0.0.1:${port}/start`);
  return (await endpoint.send({ url, onHead: () => undefined })).status;
}

test.for([
  ['inner.example', 'a private network'],
  ['metadata.example', 'a link-local address'],
] as const)('a redirect to a name that stands for %s is refused where it would be connected', async ([host, where]) => {
  await expect(follow(host)).rejects.toMatchObject({
    code: 'ERR_MODEL_SOURCE',
    details: { why: `It leads to ${host}, which is ${where}; 127.0.0.1:${port} is not.` },
  });
});

test('a redirect to another name of where the endpoint is itself is followed', async () => {
  expect(await follow('same.example')).toBe(200);
});

test('an address is shown without its signature', () => {
  expect(shownUrl(new URL('https://cdn.example/a/b?X-Signature=secret#x'))).toBe('https://cdn.example/a/b');
});
