#include "base/seed_scope.h"

namespace chronicler {

namespace {

thread_local SeedScope* innermost = nullptr;

}  // namespace

SeedScope::SeedScope(std::uint64_t seed) : outer_(innermost), seed_(seed) { innermost = this; }

SeedScope::~SeedScope() { innermost = outer_; }

SeedScope* SeedScope::current() { return innermost; }

void SeedScope::restart(std::uint64_t seed) {
  seed_ = seed;
  drawn_ = 0;
}

std::uint64_t SeedScope::next() { return seed_of_sequence(seed_, drawn_++); }

}  // namespace chronicler
