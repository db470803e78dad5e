// The folds of a text: its passages, drawn by a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::tasks {

// Paragraphs, each with the blank lines behind it; lines where there are fewer than `fewest`
// paragraphs. Together they are the text.
std::vector<std::string_view> passages_of(std::string_view text, std::size_t fewest);

struct TextFold {
  std::string learnt;
  std::string tested;
};

// Which fold tests each passage, and the text of one of them; both parts in the text's order.
// Throws Error for fewer lines than folds.
class TextFolds {
 public:
  TextFolds(std::string_view text, std::int64_t folds, std::uint64_t seed);
  TextFold fold(std::int64_t fold) const;

 private:
  std::vector<std::string_view> passages_;
  std::vector<std::int64_t> fold_of_;
};

}  // namespace chronicler::tasks
