import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DecodeError, NetlinkError } from '../../../src/netlink/error.js';
import { MessageReader, readDone, readError } from '../../../src/netlink/messages.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { readDatagrams, viewOf } from '../../support/fixture.js';
import { attribute, join, message, text, u32 } from '../../support/message-builder.js';

function reader(bytes: Uint8Array): MessageReader {
  return new MessageReader(viewOf(bytes), 0, bytes.length);
}

function types(messages: MessageReader): number[] {
  const seen: number[] = [];
  while (messages.next()) seen.push(messages.type);
  return seen;
}

/** A reader on its first message. */
function first(bytes: Uint8Array): MessageReader {
  const messages = reader(bytes);
  assert.equal(messages.next(), true);
  return messages;
}

/** NLMSG_ERROR for a request with a payload of 8 bytes, which a capped error leaves out. */
function errorMessage(errno: number, options: { capped?: boolean; attributes?: Uint8Array } = {}): Uint8Array {
  const request = message(uapi.RTM_GETLINK, new Uint8Array(8), { seq: 9 });
  const { capped = false, attributes } = options;
  const echo = capped ? request.slice(0, uapi.NLMSG_HDRLEN) : request;
  const flags = (capped ? uapi.NLM_F_CAPPED : 0) | (attributes === undefined ? 0 : uapi.NLM_F_ACK_TLVS);
  return message(uapi.NLMSG_ERROR, join(u32(-errno), echo, attributes ?? new Uint8Array()), { flags, seq: 9 });
}

describe('MessageReader', () => {
  it('walks the messages of a datagram, payloads of odd length included', () => {
    const messages = reader(
      join(message(16, new Uint8Array(3), { seq: 7, flags: 2 }), message(17, new Uint8Array(8)), message(3, new Uint8Array())),
    );
    assert.equal(messages.next(), true);
    assert.deepEqual([messages.type, messages.flags, messages.seq, messages.pid], [16, 2, 7, 0]);
    assert.deepEqual([messages.offset, messages.end], [16, 19]);
    assert.deepEqual(types(messages), [17, 3]);
    assert.equal(messages.error, undefined);
  });

  it('starts where it is told to', () => {
    const bytes = join(new Uint8Array(12).fill(0xff), message(20, u32(1)));
    const messages = new MessageReader(viewOf(bytes), 12, bytes.length);
    assert.deepEqual(types(messages), [20]);
  });

  it('refuses a length that is smaller than a header, and stops', () => {
    const bytes = message(16, u32(0));
    viewOf(bytes).setUint32(0, 15, true);
    const messages = reader(bytes);
    assert.equal(messages.next(), false);
    assert.match(messages.error?.message ?? '', /a message length from 16 to 20, got 15/);
    assert.equal(messages.next(), false);
  });

  it('refuses a length that leads out of the datagram, also one above 2 GiB', () => {
    for (const length of [21, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const bytes = message(16, u32(0));
      viewOf(bytes).setUint32(0, length, true);
      const messages = reader(bytes);
      assert.equal(messages.next(), false);
      assert.ok(messages.error instanceof DecodeError, String(length));
    }
  });

  it('refuses what is left over and shorter than a header', () => {
    const messages = reader(join(message(16, u32(0)), new Uint8Array(8)));
    assert.deepEqual(types(messages), [16]);
    assert.equal(messages.error?.detail.got, '8 bytes');
  });

  it('takes the unpadded end of the last message', () => {
    const bytes = message(16, new Uint8Array(1)).slice(0, 17);
    const messages = reader(bytes);
    assert.deepEqual(types(messages), [16]);
    assert.equal(messages.error, undefined);
  });

  it('says when the kernel flagged a dump as interrupted', () => {
    assert.equal(first(message(16, u32(0), { flags: uapi.NLM_F_DUMP_INTR })).interrupted, true);
    assert.equal(first(message(16, u32(0), { flags: uapi.NLM_F_MULTI })).interrupted, false);
  });
});

describe('readError', () => {
  it('reads an errno without words', () => {
    assert.deepEqual(readError(first(errorMessage(19))), { errno: 19, extAck: {} });
    assert.deepEqual(readError(first(errorMessage(0))), { errno: 0, extAck: {} });
  });

  for (const capped of [true, false]) {
    it(`finds the kernel's words behind a request that is ${capped ? 'capped' : 'echoed whole'}`, () => {
      const attributes = join(
        attribute(uapi.NLMSGERR_ATTR_MSG, text('no such thing')),
        attribute(uapi.NLMSGERR_ATTR_OFFS, u32(28)),
      );
      assert.deepEqual(readError(first(errorMessage(22, { capped, attributes }))), {
        errno: 22,
        extAck: { message: 'no such thing', offset: 28 },
      });
    });
  }

  it('keeps the errno when the words are malformed', () => {
    const attributes = Uint8Array.from([255, 0, 1, 0]);
    assert.deepEqual(readError(first(errorMessage(22, { attributes }))), { errno: 22, extAck: {} });
  });

  it('refuses a payload without a request', () => {
    assert.ok(readError(first(message(uapi.NLMSG_ERROR, new Uint8Array(19)))) instanceof DecodeError);
  });

  it('reads what a kernel really sends', () => {
    const messages = first(readDatagrams('refusals', 'missing-link')[0] ?? new Uint8Array());
    assert.equal(messages.type, uapi.NLMSG_ERROR);
    assert.deepEqual(readError(messages), { errno: 19, extAck: {} });
  });
});

describe('readDone', () => {
  it('reads success, with and without a code', () => {
    assert.deepEqual(readDone(first(message(uapi.NLMSG_DONE, u32(0)))), { errno: 0, extAck: {} });
    assert.deepEqual(readDone(first(message(uapi.NLMSG_DONE, new Uint8Array()))), { errno: 0, extAck: {} });
  });

  it('reads the error that broke a dump off, with its words', () => {
    const payload = join(u32(-95), attribute(uapi.NLMSGERR_ATTR_MSG, text('not here')));
    const done = message(uapi.NLMSG_DONE, payload, { flags: uapi.NLM_F_ACK_TLVS });
    assert.deepEqual(readDone(first(done)), { errno: 95, extAck: { message: 'not here' } });
  });

  it('reads what a kernel really sends: a refused dump ends with DONE, not with ERROR', () => {
    const messages = first(readDatagrams('refusals', 'refused-attribute')[0] ?? new Uint8Array());
    assert.equal(messages.type, uapi.NLMSG_DONE);
    assert.deepEqual(readDone(messages), { errno: 22, extAck: { message: 'Unknown attribute type', offset: 28 } });
  });

  it('refuses half a code', () => {
    assert.ok(readDone(first(message(uapi.NLMSG_DONE, new Uint8Array(2)))) instanceof DecodeError);
  });
});

describe('NetlinkError', () => {
  it('says who was asked what, where, and what the kernel said', () => {
    const detail = { op: 'dump', rtm: 'RTM_GETLINK', errno: 1, seq: 3, netns: 'net:[42]', extAck: { message: 'no' } };
    const error = new NetlinkError(detail);
    assert.equal(error.message, 'RTM_GETLINK dump in net:[42]: EPERM: no');
    assert.equal(error.code, 'ERR_NSATLAS_NETLINK');
    const { op, rtm, errno, seq, netns, extAck } = error;
    assert.deepEqual({ op, rtm, errno, seq, netns, extAck }, detail);
  });

  it('keeps an errno that has no name', () => {
    assert.equal(new NetlinkError({ op: 'get', rtm: 'RTM_GETNSID', errno: 4000, seq: 0 }).message, 'RTM_GETNSID get: errno 4000');
  });
});
