#include "tasks/transcribe/label_language.h"

#include <algorithm>
#include <string>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/decoding/ctc_beam_search.h"

namespace chronicler::tasks {
namespace {

using Id = std::uint16_t;
constexpr Id line_end = 0;

decoding::NgramModel counted(std::string_view text, const SpeechLabels& labels, int orders) {
  const auto unknown = static_cast<Id>(labels.classes());
  std::vector<Id> ids{line_end};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = labels.cleaned(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    for (const std::int32_t id : labels.ids(line))
      ids.push_back(id == SpeechLabels::unknown ? unknown : static_cast<Id>(id));
    ids.push_back(line_end);
  }
  if (ids.size() < 2)
    throw Error("the text for the language model has no line to count",
                "give sentences as they are spoken, one a line");
  if (orders == 0) orders = labels.level() == "word" ? 3 : 8;
  return decoding::NgramModel(ids, labels.classes() + 1, orders);
}

}  // namespace

LabelLanguage::LabelLanguage(std::string_view text, const SpeechLabels& labels, int orders)
    : ngrams_(counted(text, labels, orders)) {}

double LabelLanguage::score(std::span<const std::int64_t> before, std::int64_t next) const {
  std::vector<Id> ids;
  const std::size_t reach = std::min(before.size(), static_cast<std::size_t>(ngrams_.orders()));
  if (reach == before.size()) ids.push_back(line_end);
  for (std::size_t i = before.size() - reach; i < before.size(); ++i)
    ids.push_back(static_cast<Id>(before[i]));
  return ngrams_.log_probability(
      ids, next == decoding::end_of_labels ? line_end : static_cast<Id>(next));
}

}  // namespace chronicler::tasks
