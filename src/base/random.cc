#include "chronicler/base/random.h"

#include <cmath>
#include <mutex>
#include <numbers>

#include "base/seed_scope.h"
#include "chronicler/base/error.h"

namespace chronicler {
namespace {

using Words = std::array<std::uint32_t, 4>;

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32U);
}
constexpr std::uint64_t joined(std::uint32_t upper, std::uint32_t lower) {
  return (std::uint64_t{upper} << 32U) | lower;
}

// Uniform in (0, 1], 53 bits.
double above_zero(std::uint64_t bits) { return static_cast<double>((bits >> 11U) + 1) * 0x1p-53; }

}  // namespace

Words Random::block(std::uint64_t stream, std::uint64_t index) const {
  // Multipliers and key increments of Philox 4x32 (table 2 of the paper).
  constexpr std::uint64_t multiplier_0 = 0xD2511F53;
  constexpr std::uint64_t multiplier_1 = 0xCD9E8D57;
  constexpr std::uint32_t increment_0 = 0x9E3779B9;
  constexpr std::uint32_t increment_1 = 0xBB67AE85;
  constexpr int rounds = 10;

  Words words{low(index), high(index), low(stream), high(stream)};
  std::uint32_t key_0 = low(seed_);
  std::uint32_t key_1 = high(seed_);
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t product_0 = multiplier_0 * words[0];
    const std::uint64_t product_1 = multiplier_1 * words[2];
    words = {high(product_1) ^ words[1] ^ key_0, low(product_1), high(product_0) ^ words[3] ^ key_1,
             low(product_0)};
    key_0 += increment_0;
    key_1 += increment_1;
  }
  return words;
}

// Four draws come from one block, so that a loop over draws can take a block at a time.
std::uint32_t Random::bits(std::uint64_t stream, std::uint64_t index) const {
  return block(stream, index / 4)[index % 4];
}

float Random::uniform(std::uint64_t stream, std::uint64_t index) const {
  return static_cast<float>(bits(stream, index) >> 8U) * 0x1p-24F;
}

double Random::normal(std::uint64_t stream, std::uint64_t index) const {
  const Words words = block(stream, index);
  const double radius = std::sqrt(-2.0 * std::log(above_zero(joined(words[1], words[0]))));
  const double angle = 2.0 * std::numbers::pi * above_zero(joined(words[3], words[2]));
  return radius * std::cos(angle);
}

std::uint64_t Random::below(std::uint64_t bound, std::uint64_t stream, std::uint64_t index) const {
  if (bound == 0) throw Error("a random integer below 0 was asked for", "the bound is at least 1");
  // The upper half of a 128-bit product; the bias is below bound / 2^64.
  __extension__ using Wide = unsigned __int128;
  const Words words = block(stream, index);
  return static_cast<std::uint64_t>((Wide{joined(words[1], words[0])} * bound) >> 64U);
}

// ---- the seed of the process

namespace {

struct SeedSequence {
  std::mutex mutex;
  std::uint64_t seed = 0;
  std::uint64_t drawn = 0;
};

SeedSequence& seed_sequence() {
  static SeedSequence sequence;
  return sequence;
}

}  // namespace

std::uint64_t seed_of_sequence(std::uint64_t seed, std::uint64_t drawn) {
  const std::array<std::uint32_t, 4> words = Random(seed).block(0, drawn);
  return joined(words[1], words[0]);
}

void set_random_seed(std::uint64_t seed) {
  if (SeedScope* scope = SeedScope::current()) return scope->restart(seed);
  SeedSequence& sequence = seed_sequence();
  const std::lock_guard lock(sequence.mutex);
  sequence.seed = seed;
  sequence.drawn = 0;
}

std::uint64_t next_seed() {
  if (SeedScope* scope = SeedScope::current()) return scope->next();
  SeedSequence& sequence = seed_sequence();
  const std::lock_guard lock(sequence.mutex);
  return seed_of_sequence(sequence.seed, sequence.drawn++);
}

}  // namespace chronicler
