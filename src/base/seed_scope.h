// Random numbers of one piece of work, whatever other threads draw meanwhile.
#pragma once

#include <cstdint>

namespace chronicler {

// While one lives, next_seed() and set_random_seed() of its thread are about a sequence of seeds of
// its own, and the process's goes on unchanged afterwards. Scopes may be nested; they end in
// reverse order, in the thread that made them.
class SeedScope {
 public:
  explicit SeedScope(std::uint64_t seed);
  ~SeedScope();
  SeedScope(const SeedScope&) = delete;
  SeedScope& operator=(const SeedScope&) = delete;

  // The innermost one of this thread; null where there is none.
  static SeedScope* current();

  void restart(std::uint64_t seed);
  std::uint64_t next();

 private:
  SeedScope* outer_;
  std::uint64_t seed_;
  std::uint64_t drawn_ = 0;
};

// Seed number `drawn` of the sequence that begins with `seed`.
std::uint64_t seed_of_sequence(std::uint64_t seed, std::uint64_t drawn);

}  // namespace chronicler
