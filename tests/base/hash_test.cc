#include "base/hash.h"

#include <gtest/gtest.h>

namespace chronicler {
namespace {

// The test vectors of the hash's authors (RFC draft "The FNV Non-Cryptographic Hash Algorithm").
TEST(Hash, IsFnv1a) {
  EXPECT_EQ(fnv_after(fnv_start, ""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(fnv_after(fnv_start, "a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(fnv_after(fnv_start, "foobar"), 0x85944171f73967e8ULL);
}

}  // namespace
}  // namespace chronicler
