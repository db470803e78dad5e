#include "tasks/generate/text_folds.h"

#include <algorithm>

#include "tasks/shared/folds.h"

namespace chronicler::tasks {
namespace {

// Cuts behind each run of line ends that has at least so many.
std::vector<std::string_view> cut_behind(std::string_view text, std::size_t line_ends) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
    const std::size_t end = std::min(text.find_first_not_of('\n', at), text.size());
    if (end - at >= line_ends) {
      parts.push_back(text.substr(begin, end - begin));
      begin = end;
    }
    at = end;
  }
  if (begin < text.size()) parts.push_back(text.substr(begin));
  return parts;
}

}  // namespace

std::vector<std::string_view> passages_of(std::string_view text, std::size_t fewest) {
  std::vector<std::string_view> paragraphs = cut_behind(text, 2);
  return paragraphs.size() < fewest ? cut_behind(text, 1) : paragraphs;
}

TextFolds::TextFolds(std::string_view text, std::int64_t folds, std::uint64_t seed) {
  constexpr std::int64_t passages_in_fold = 10;  // of which each has its share of what there is
  passages_ = passages_of(text, static_cast<std::size_t>(passages_in_fold * folds));
  fold_of_ = folds_of(passages_.size(), folds, seed, "lines");
}

TextFold TextFolds::fold(std::int64_t fold) const {
  TextFold parts;
  for (std::size_t i = 0; i < passages_.size(); ++i)
    (fold_of_[i] == fold ? parts.tested : parts.learnt) += passages_[i];
  return parts;
}

}  // namespace chronicler::tasks
