// Really tries to get out, and prints one JSON line for each way: `probe-network.mjs HOST TCP_PORT UDP_PORT [local]`. The same tries as
// probe-network.py, by Node. Plain JavaScript, so that it starts at once.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';

const [host, tcpPort, udpPort, local] = process.argv.slice(2);

// What a cut off process hears. Anything else, also "connection refused" by another machine, means that a packet left.
const REFUSED_HERE = ['ENETUNREACH', 'ENETDOWN', 'EACCES', 'EPERM', 'EAFNOSUPPORT', 'EAI_AGAIN'];

const attempt = async (what, action) => {
  const [out, said] = await action().then(
    () => [true, 'it went out'],
    (error) => [!REFUSED_HERE.includes(error.code), String(error.code ?? error.message)],
  );
  process.stdout.write(`${JSON.stringify({ by: 'node', what, out, said })}\n`);
};

const tcp = (port, to) =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: to, timeout: 2000 });
    socket.on('timeout', () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    socket.on('error', reject);
    socket.on('connect', () => socket.end('node', resolve));
  });

const udp = (port, to) =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.send('node', port, to, (error) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    });
  });

await attempt('tcp to a server of this machine', () => tcp(Number(tcpPort), host));
await attempt('udp to a server of this machine', () => udp(Number(udpPort), host));
if (local !== 'local') {
  // An address that is reserved for documentation: a packet that gets out bothers nobody.
  await attempt('tcp to another machine', () => tcp(443, '192.0.2.1'));
  await attempt('udp to another machine', () => udp(53, '192.0.2.1'));
  await attempt('look-up of a name', () => lookup('example.com'));
}
