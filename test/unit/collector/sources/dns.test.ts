import { createSocket, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import t, { type Test } from 'tap';
import { dnsSource } from '../../../../src/collector/follow/sources/dns.js';
import { eventually } from '../../../support/hygiene.js';
import { FAST_CLOCK, follow, type Followed } from './source-rig.js';

const TYPES = { A: 1, AAAA: 28 } as const;
const [NOERROR, SERVFAIL, NXDOMAIN] = [0, 2, 3];

/** A DNS server on loopback, RFC 1035 section 4. */
class NameServer {
  /** What is at any name that is asked for. 'silent': no answer. */
  addresses: readonly string[] = [];
  code: number = NOERROR;
  silent = new Set<keyof typeof TYPES>();
  asked = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (query, { port, address }) => {
      this.asked++;
      const answer = this.#answer(query);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  static async listen(t: Test): Promise<NameServer> {
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new NameServer(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  #answer(query: Buffer): Buffer | undefined {
    const end = query.indexOf(0, 12) + 1;
    const type = query.readUInt16BE(end);
    if ([...this.silent].some((name) => TYPES[name] === type)) return undefined;
    const records = this.code === NOERROR ? this.addresses.filter((each) => (isIPv4(each) ? TYPES.A : TYPES.AAAA) === type) : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // A response, recursion desired and available.
    header.writeUInt16BE(0x8180 | this.code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const answers = records.map((each) => {
      const data = isIPv4(each) ? Buffer.from(each.split('.').map(Number)) : Buffer.from(each.replaceAll(':', ''), 'hex');
      const record = Buffer.alloc(12);
      // The name as in the question, class IN, TTL 600.
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(600, 6);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    return Buffer.concat([header, query.subarray(12, end + 4), ...answers]);
  }
}

async function start(t: Test, prepare: (server: NameServer) => void): Promise<{ server: NameServer; followed: Followed }> {
  const server = await NameServer.listen(t);
  prepare(server);
  const source = dnsSource('tasks.agent', 7117, { clock: FAST_CLOCK, servers: [server.address], timeoutMs: 50, random: () => 0 });
  return { server, followed: follow(t, source) };
}

t.test('all A and AAAA records are agents, and the name is asked again', async (t) => {
  const { server, followed } = await start(
    t,
    (each) => (each.addresses = ['10.0.0.2', '10.0.0.1', 'fd00:0000:0000:0000:0000:0000:0000:0001']),
  );
  await eventually('they are known', () => followed.targets !== undefined);
  t.strictSame(
    followed.targets?.map(({ address, source }) => `${address} ${source}`),
    ['10.0.0.1:7117', '10.0.0.2:7117', '[fd00::1]:7117'].map((address) => `${address} dns:tasks.agent:7117`),
  );
  server.addresses = ['10.0.0.3'];
  await eventually('the new ones are known', () => followed.addresses?.join() === '10.0.0.3:7117');
  t.equal(followed.problem, undefined);
  followed.close();
  const { asked } = server;
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(server.asked <= asked + 2);
});

t.test('a name that has gone is a problem; its addresses stay for two minutes and go then', async (t) => {
  const { server, followed } = await start(t, (each) => (each.addresses = ['10.0.0.1']));
  await eventually('it is known', () => followed.addresses?.join() === '10.0.0.1:7117');
  server.code = NXDOMAIN;
  await eventually('it is a problem', () =>
    /the name tasks\.agent no longer has addresses; its last 1 are kept/.test(followed.problem ?? ''),
  );
  t.strictSame(followed.addresses, ['10.0.0.1:7117']);
  await eventually('they go', () => followed.addresses?.length === 0);
  t.match(followed.problem ?? '', /^the name has no addresses; give the full name/);
  server.code = NOERROR;
  await eventually('it is back', () => followed.addresses?.join() === '10.0.0.1:7117' && followed.problem === undefined);
});

t.test(
  'a server that says nothing or cannot tell takes no agent away, however long; one family of addresses does not need the other',
  async (t) => {
    const { server, followed } = await start(t, (each) => (each.addresses = ['10.0.0.1', 'fd000000000000000000000000000001']));
    await eventually('they are known', () => followed.addresses?.length === 2);
    server.code = SERVFAIL;
    await eventually('it is a problem', () => /the DNS server failed to answer \(ESERVFAIL\)/.test(followed.problem ?? ''));
    server.code = NOERROR;
    server.silent = new Set(['A', 'AAAA']);
    await eventually('it is another problem', () => /no DNS server answers/.test(followed.problem ?? ''));
    // Longer than the 120 s of a name that is gone, by the faster clock.
    await new Promise((resolve) => setTimeout(resolve, 900));
    t.equal(followed.addresses?.length, 2);
    server.silent = new Set(['AAAA']);
    server.addresses = ['10.0.0.9'];
    await eventually('what is told counts', () => followed.addresses?.join() === '10.0.0.9:7117,[fd00::1]:7117');
    t.match(followed.problem ?? '', /no DNS server answers \(ETIMEOUT\) \(AAAA\)/);
  },
);

t.test('a name that never had an address is a problem that says what to give', async (t) => {
  const { followed } = await start(t, (each) => (each.code = NXDOMAIN));
  await eventually('it is a problem', () => followed.problem !== undefined);
  t.match(followed.problem ?? '', /^the name has no addresses; give the full name, as the DNS server knows it/);
});
