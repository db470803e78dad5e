// Counter-based random numbers: any draw can be repeated from its place alone, in any order, by any
// thread.
#pragma once

#include <array>
#include <cstdint>

namespace chronicler {

// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11).
// A value: copying it copies nothing but its key. Draw `index` of stream `stream` is the same at
// all times.
class Random {
 public:
  explicit Random(std::uint64_t seed) : seed_(seed) {}

  // Four independent 32-bit words for the place (stream, index).
  std::array<std::uint32_t, 4> block(std::uint64_t stream, std::uint64_t index) const;

  std::uint32_t bits(std::uint64_t stream, std::uint64_t index) const;
  // Uniform in [0, 1), 24 bits.
  float uniform(std::uint64_t stream, std::uint64_t index) const;
  // Standard normal (Box and Muller), in double.
  double normal(std::uint64_t stream, std::uint64_t index) const;
  // A uniform integer in [0, bound).
  std::uint64_t below(std::uint64_t bound, std::uint64_t stream, std::uint64_t index) const;

  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
};

// Sets the seed from which every later unseeded initializer, shuffle and dropout draws its own; as
// keras.utils.set_random_seed. The seed at start is 0: without a call, a program repeats itself.
void set_random_seed(std::uint64_t seed);
// The next seed of that sequence: differs at each call, repeats after set_random_seed.
std::uint64_t next_seed();

}  // namespace chronicler
