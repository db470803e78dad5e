// What a transcriber predicts: words or characters, by number. 0 is CTC's blank.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/tasks/transcriber.h"

namespace chronicler::tasks {

using LabelIds = std::vector<std::int32_t>;

class SpeechLabels {
 public:
  static constexpr std::int32_t unknown = -1;

  // Those of some texts. An empty level is chosen: words, where there are few different ones and
  // each is spoken often.
  static SpeechLabels of(std::span<const std::string> texts, std::string level, bool as_written);
  SpeechLabels(std::string level, bool as_written, std::vector<std::string> names);

  const std::string& level() const { return level_; }
  bool as_written() const { return as_written_; }
  const std::vector<std::string>& names() const { return names_; }  // of labels 1, 2, ...
  std::int64_t classes() const { return static_cast<std::int64_t>(names_.size()) + 1; }
  const std::string& name(std::int64_t label) const {
    return names_[static_cast<std::size_t>(label) - 1];
  }

  // A text as this model would write it.
  std::string cleaned(std::string_view text) const;
  // Of a cleaned text; `unknown` where there is no label.
  LabelIds ids(std::string_view cleaned) const;
  // What a label adds to a text that is not empty, or is.
  std::string text(std::int64_t label, bool first) const;
  // Labels and their steps, as text and words.
  Transcript transcript(std::span<const decoding::CtcLabel> labels, double step_seconds) const;

 private:
  std::string level_;
  bool as_written_;
  std::vector<std::string> names_;
  std::map<std::string, std::int32_t, std::less<>> numbers_;
};

// Steps that labels need: one each, and one between two that are the same.
std::int64_t least_steps(const LabelIds& labels);

}  // namespace chronicler::tasks
