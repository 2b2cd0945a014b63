// Throws bytes at native/netlink/reply.cc and native/netns/job.cc: every truncation and 50,000 random corruptions of an answer, and the cases by name.
// Built and run by test/live/fuzz.test.ts under AddressSanitizer; prints "ok".
#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include <memory>
#include <random>
#include <vector>

#include "netns/job.h"
#include "netlink/reply.h"

using nsatlas::ReplyState;
using nsatlas::scan_reply;
using Bytes = std::vector<unsigned char>;

static void add(Bytes& to, uint16_t type, uint16_t flags, uint32_t seq, const Bytes& payload) {
  const nlmsghdr header{static_cast<uint32_t>(sizeof(nlmsghdr) + payload.size()), type, flags, seq, 0};
  const auto* from = reinterpret_cast<const unsigned char*>(&header);
  to.insert(to.end(), from, from + sizeof header);
  to.insert(to.end(), payload.begin(), payload.end());
  to.resize((to.size() + 3) & ~size_t{3});
}

static Bytes code(int32_t value) {
  Bytes bytes(sizeof value);
  memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// On the heap and of exact size, so that one byte too far is seen.
static nsatlas::ReplyScan scan(const Bytes& bytes, uint32_t seq = 7, bool until_done = true) {
  const std::unique_ptr<unsigned char[]> exact(new unsigned char[bytes.size()]);
  if (!bytes.empty()) memcpy(exact.get(), bytes.data(), bytes.size());
  return scan_reply(exact.get(), bytes.size(), seq, until_done);
}

static void expect(const Bytes& bytes, ReplyState state, int err, bool until_done = true) {
  const nsatlas::ReplyScan found = scan(bytes, 7, until_done);
  assert(found.state == state);
  assert(found.err == err);
}

static Bytes one(uint16_t type, uint16_t flags, uint32_t seq, const Bytes& payload) {
  Bytes bytes;
  add(bytes, type, flags, seq, payload);
  return bytes;
}

static void named_cases() {
  expect(one(RTM_NEWLINK, NLM_F_MULTI, 7, Bytes(20)), ReplyState::More, 0);
  expect(one(NLMSG_DONE, NLM_F_MULTI, 7, code(0)), ReplyState::Ended, 0);
  expect(one(NLMSG_DONE, NLM_F_MULTI, 7, code(-EMSGSIZE)), ReplyState::Ended, EMSGSIZE);
  expect(one(NLMSG_DONE, NLM_F_MULTI, 7, {}), ReplyState::Ended, 0);
  expect(one(NLMSG_ERROR, 0, 7, code(-ENODEV)), ReplyState::Ended, ENODEV);
  expect(one(NLMSG_ERROR, 0, 7, code(0)), ReplyState::Ended, 0);
  expect(one(NLMSG_ERROR, 0, 7, code(INT32_MIN)), ReplyState::Ended, 0);
  expect(one(NLMSG_DONE, NLM_F_MULTI, 8, code(0)), ReplyState::Foreign, 0);
  expect({}, ReplyState::Foreign, 0);
  expect(Bytes(15), ReplyState::Broken, 0);
  expect(Bytes(16), ReplyState::Broken, 0);
  // A single answer ends itself, unless an acknowledgement or NLMSG_DONE is due.
  expect(one(RTM_NEWLINK, 0, 7, Bytes(20)), ReplyState::Ended, 0, false);
  expect(one(RTM_NEWLINK, 0, 7, Bytes(20)), ReplyState::More, 0, true);
  expect(one(RTM_NEWLINK, NLM_F_MULTI, 7, Bytes(20)), ReplyState::More, 0, false);
  // The end may stand behind others, ours or not, and the last message may lack its padding.
  Bytes mixed = one(RTM_NEWLINK, NLM_F_MULTI, 8, Bytes(3));
  add(mixed, RTM_NEWLINK, NLM_F_MULTI, 7, Bytes(5));
  add(mixed, NLMSG_DONE, NLM_F_MULTI, 7, code(-EINTR));
  expect(mixed, ReplyState::Ended, EINTR);
  Bytes bare = one(RTM_NEWLINK, NLM_F_MULTI, 7, Bytes(5));
  bare.resize(21);
  expect(bare, ReplyState::More, 0);
}

static void requests() {
  const auto shape = [](const Bytes& bytes) { return nsatlas::shape_of_request(nsatlas::Protocol::Route, {}, bytes.data(), bytes.size()); };
  assert(shape(one(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0, Bytes(16))).until_done);
  assert(shape(one(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, 0, Bytes(16))).until_done);
  assert(!shape(one(RTM_GETLINK, NLM_F_REQUEST, 0, Bytes(16))).until_done);
  assert(shape(one(RTM_GETLINK, NLM_F_REQUEST, 0, Bytes(16))).valid);
  for (const uint16_t type : {RTM_NEWLINK, RTM_DELLINK, RTM_SETLINK, RTM_DELNSID, RTM_NEWROUTE, RTM_DELROUTE}) {
    assert(!shape(one(type, NLM_F_REQUEST, 0, Bytes(16))).valid);
  }
  assert(!shape(one(RTM_NEWNSID, NLM_F_REQUEST, 0, Bytes(16))).valid);
  assert(shape(one(RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK, 0, Bytes(16))).gives_nsid);
  assert(!shape(one(RTM_GETNSID, NLM_F_REQUEST | NLM_F_ACK, 0, Bytes(16))).gives_nsid);
  assert(!shape({}).valid);
}

static void any_bytes() {
  Bytes answer;
  for (int i = 0; i < 5; ++i) add(answer, RTM_NEWLINK, NLM_F_MULTI, 7, Bytes(static_cast<size_t>(20 + i)));
  add(answer, NLMSG_DONE, NLM_F_MULTI, 7, code(-EMSGSIZE));
  for (size_t length = 0; length <= answer.size(); ++length) scan({answer.begin(), answer.begin() + static_cast<long>(length)});
  std::mt19937 random(20261);
  for (int round = 0; round < 50000; ++round) {
    Bytes bytes = answer;
    for (unsigned changes = random() % 6 + 1; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<unsigned char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    scan(bytes, 7, random() % 2 == 0);
    nsatlas::Job job;
    std::string reason;
    nsatlas::parse_job(bytes.data(), bytes.size(), {}, job, reason);
  }
}

int main() {
  named_cases();
  requests();
  any_bytes();
  puts("ok");
  return 0;
}
