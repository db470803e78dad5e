#include "tasks/transcribe/labels.h"

#include <algorithm>
#include <utility>

#include "chronicler/data/plain_text.h"
#include "chronicler/data/spoken_text.h"
#include "data/utf8.h"

namespace chronicler::tasks {
namespace {

std::vector<std::string_view> pieces_of(std::string_view text, bool words) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t size = words ? std::min(text.find(' '), text.size())
                                   : std::max<std::size_t>(data::utf8_length(text), 1);
    if (size > 0) pieces.push_back(text.substr(0, size));
    text.remove_prefix(std::min(words ? size + 1 : size, text.size()));
  }
  return pieces;
}

std::string cleaned_text(std::string_view text, bool as_written) {
  if (!as_written) return data::spoken_text(text);
  std::string result;  // white space is one space
  for (const char c : data::plain_text(text)) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::string level_for(std::span<const std::string> texts) {
  constexpr std::size_t most_words = 64;
  constexpr std::size_t least_times = 8;
  std::map<std::string, std::size_t> counts;
  std::size_t all = 0;
  for (const std::string& text : texts) {
    for (const std::string_view word : pieces_of(text, true)) {
      ++counts[std::string(word)];
      ++all;
    }
  }
  return counts.size() <= most_words && all >= least_times * counts.size() ? "word" : "char";
}

}  // namespace

SpeechLabels SpeechLabels::of(std::span<const std::string> texts, std::string level,
                              bool as_written) {
  std::vector<std::string> clean;
  for (const std::string& text : texts) clean.push_back(cleaned_text(text, as_written));
  if (level.empty()) level = level_for(clean);
  std::map<std::string, int> found;
  for (const std::string& text : clean) {
    for (const std::string_view piece : pieces_of(text, level == "word")) found[std::string(piece)];
  }
  std::vector<std::string> names;
  for (const auto& [name, nothing] : found) names.push_back(name);
  return {std::move(level), as_written, std::move(names)};
}

SpeechLabels::SpeechLabels(std::string level, bool as_written, std::vector<std::string> names)
    : level_(std::move(level)), as_written_(as_written), names_(std::move(names)) {
  for (std::size_t i = 0; i < names_.size(); ++i)
    numbers_[names_[i]] = static_cast<std::int32_t>(i + 1);
}

std::string SpeechLabels::cleaned(std::string_view text) const {
  return cleaned_text(text, as_written_);
}

LabelIds SpeechLabels::ids(std::string_view cleaned) const {
  LabelIds result;
  for (const std::string_view piece : pieces_of(cleaned, level_ == "word")) {
    const auto found = numbers_.find(piece);
    result.push_back(found == numbers_.end() ? unknown : found->second);
  }
  return result;
}

std::string SpeechLabels::text(std::int64_t label, bool first) const {
  const std::string& piece = name(label);
  if (level_ == "word") return first ? piece : " " + piece;
  return first && piece == " " ? "" : piece;
}

Transcript SpeechLabels::transcript(std::span<const decoding::CtcLabel> labels,
                                    double step_seconds) const {
  Transcript result;
  bool is_open = false;  // the last word goes on
  for (const decoding::CtcLabel& label : labels) {
    result.text += text(label.label, result.text.empty());
    const std::string& piece = name(label.label);
    if (piece == " ") {
      is_open = false;
      continue;
    }
    const double end = static_cast<double>(label.end) * step_seconds;
    if (!is_open || level_ == "word") {
      result.words.push_back(
          {"", static_cast<double>(label.begin) * step_seconds, end, label.probability});
    }
    Transcript::Word& word = result.words.back();
    word.text += piece;
    word.end = end;
    word.probability = std::min(word.probability, label.probability);
    is_open = true;
  }
  while (result.text.ends_with(' ')) result.text.pop_back();
  return result;
}

std::int64_t least_steps(const LabelIds& labels) {
  auto count = static_cast<std::int64_t>(labels.size());
  for (std::size_t i = 1; i < labels.size(); ++i) count += labels[i] == labels[i - 1] ? 1 : 0;
  return count;
}

}  // namespace chronicler::tasks
