// Damage to files, by chance but the same for the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace chronicler::test {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  // Some bits, bytes, numbers or stretches of the bytes are changed, moved, doubled or gone.
  std::string damaged(std::string bytes);
  // As above, but in ways that leave JSON what it is more often: numbers and words are replaced by
  // others.
  std::string damaged_json(std::string text);

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  void damage_once(std::string& bytes);
  void damage_token(std::string& text);

  std::mt19937_64 random_;
};

}  // namespace chronicler::test
