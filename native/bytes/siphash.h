// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"): with a secret key, rows cannot be made to collide on purpose.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace nsatlas {

struct HashKey {
  uint64_t low = 0;
  uint64_t high = 0;
};

/** 64 bits of the bytes. Words are taken in host order: hashes never leave the process. */
inline uint64_t siphash(const HashKey& key, const unsigned char* bytes, size_t length) {
  uint64_t a = key.low ^ 0x736f6d6570736575;
  uint64_t b = key.high ^ 0x646f72616e646f6d;
  uint64_t c = key.low ^ 0x6c7967656e657261;
  uint64_t d = key.high ^ 0x7465646279746573;
  const auto turn = [](uint64_t value, int by) { return (value << by) | (value >> (64 - by)); };
  const auto round = [&] {
    a += b;
    c += d;
    b = turn(b, 13) ^ a;
    d = turn(d, 16) ^ c;
    a = turn(a, 32);
    c += b;
    a += d;
    b = turn(b, 17) ^ c;
    d = turn(d, 21) ^ a;
    c = turn(c, 32);
  };
  const auto absorb = [&](uint64_t word) {
    d ^= word;
    round();
    a ^= word;
  };
  size_t at = 0;
  for (; length - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes + at, sizeof word);
    absorb(word);
  }
  uint64_t last = static_cast<uint64_t>(length) << 56;
  for (size_t rest = length - at; rest > 0; --rest) last |= static_cast<uint64_t>(bytes[at + rest - 1]) << (8 * (rest - 1));
  absorb(last);
  c ^= 0xff;
  round();
  round();
  round();
  return a ^ b ^ c ^ d;
}

}  // namespace nsatlas
