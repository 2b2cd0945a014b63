import assert from 'node:assert/strict';
import t from 'tap';
import { DecodeError } from '../../../src/netlink/error.js';
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

t.test('MessageReader', async (t) => {
  t.test('walks the messages of a datagram, payloads of odd length included', async (t) => {
    const messages = reader(
      join(message(16, new Uint8Array(3), { seq: 7, flags: 2 }), message(17, new Uint8Array(8)), message(3, new Uint8Array())),
    );
    t.equal(messages.next(), true);
    t.strictSame([messages.type, messages.flags], [16, 2]);
    t.strictSame([messages.offset, messages.end], [16, 19]);
    t.strictSame(types(messages), [17, 3]);
    t.equal(messages.error, undefined);
  });

  t.test('starts where it is told to', async (t) => {
    const bytes = join(new Uint8Array(12).fill(0xff), message(20, u32(1)));
    const messages = new MessageReader(viewOf(bytes), 12, bytes.length);
    t.strictSame(types(messages), [20]);
  });

  t.test('refuses a length that is smaller than a header, and stops', async (t) => {
    const bytes = message(16, u32(0));
    viewOf(bytes).setUint32(0, 15, true);
    const messages = reader(bytes);
    t.equal(messages.next(), false);
    t.match(messages.error?.message ?? '', /a message length from 16 to 20, got 15/);
    t.equal(messages.next(), false);
  });

  t.test('refuses a length that leads out of the datagram, also one above 2 GiB', async (t) => {
    for (const length of [21, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const bytes = message(16, u32(0));
      viewOf(bytes).setUint32(0, length, true);
      const messages = reader(bytes);
      t.equal(messages.next(), false);
      t.ok(messages.error instanceof DecodeError, String(length));
    }
  });

  t.test('refuses what is left over and shorter than a header', async (t) => {
    const messages = reader(join(message(16, u32(0)), new Uint8Array(8)));
    t.strictSame(types(messages), [16]);
    t.equal(messages.error?.detail.got, '8 bytes');
  });

  t.test('takes the unpadded end of the last message', async (t) => {
    const bytes = message(16, new Uint8Array(1)).slice(0, 17);
    const messages = reader(bytes);
    t.strictSame(types(messages), [16]);
    t.equal(messages.error, undefined);
  });

  t.test('says when the kernel flagged a dump as interrupted', async (t) => {
    t.equal(first(message(16, u32(0), { flags: uapi.NLM_F_DUMP_INTR })).interrupted, true);
    t.equal(first(message(16, u32(0), { flags: uapi.NLM_F_MULTI })).interrupted, false);
  });
});

t.test('readError', async (t) => {
  t.test('reads an errno without words', async (t) => {
    t.strictSame(readError(first(errorMessage(19))), { errno: 19 });
    t.strictSame(readError(first(errorMessage(0))), { errno: 0 });
  });

  for (const capped of [true, false]) {
    t.test(`finds the kernel's words behind a request that is ${capped ? 'capped' : 'echoed whole'}`, async (t) => {
      // NLMSGERR_ATTR_OFFS (linux/netlink.h), which nobody asks for.
      const attributes = join(attribute(uapi.NLMSGERR_ATTR_MSG, text('no such thing')), attribute(2, u32(28)));
      t.strictSame(readError(first(errorMessage(22, { capped, attributes }))), { errno: 22, words: 'no such thing' });
    });
  }

  t.test('keeps the errno when the words are malformed', async (t) => {
    const attributes = Uint8Array.from([255, 0, 1, 0]);
    t.strictSame(readError(first(errorMessage(22, { attributes }))), { errno: 22 });
  });

  t.test('refuses a payload without a request', async (t) => {
    t.ok(readError(first(message(uapi.NLMSG_ERROR, new Uint8Array(19)))) instanceof DecodeError);
  });

  t.test('reads what a kernel really sends', async (t) => {
    const messages = first(readDatagrams('refusals', 'missing-link')[0] ?? new Uint8Array());
    t.equal(messages.type, uapi.NLMSG_ERROR);
    t.strictSame(readError(messages), { errno: 19 });
  });
});

t.test('readDone', async (t) => {
  t.test('reads success, with and without a code', async (t) => {
    t.strictSame(readDone(first(message(uapi.NLMSG_DONE, u32(0)))), { errno: 0 });
    t.strictSame(readDone(first(message(uapi.NLMSG_DONE, new Uint8Array()))), { errno: 0 });
  });

  t.test('reads the error that broke a dump off, with its words', async (t) => {
    const payload = join(u32(-95), attribute(uapi.NLMSGERR_ATTR_MSG, text('not here')));
    const done = message(uapi.NLMSG_DONE, payload, { flags: uapi.NLM_F_ACK_TLVS });
    t.strictSame(readDone(first(done)), { errno: 95, words: 'not here' });
  });

  t.test('reads what a kernel really sends: a refused dump ends with DONE, not with ERROR', async (t) => {
    const messages = first(readDatagrams('refusals', 'refused-attribute')[0] ?? new Uint8Array());
    t.equal(messages.type, uapi.NLMSG_DONE);
    t.strictSame(readDone(messages), { errno: 22, words: 'Unknown attribute type' });
  });

  t.test('refuses half a code', async (t) => {
    t.ok(readDone(first(message(uapi.NLMSG_DONE, new Uint8Array(2)))) instanceof DecodeError);
  });
});
