#include "tasks/transcribe/choices.h"

#include <algorithm>
#include <map>

#include "chronicler/base/option_error.h"

namespace chronicler::tasks {
namespace {

// The rate of most of the recordings, by their length; 16,000 hertz hold all that speech needs.
int usual_rate(std::span<const data::Recording> recordings) {
  std::map<int, double> seconds;
  for (const data::Recording& each : recordings) seconds[each.audio.rate] += each.audio.seconds();
  const auto most =
      std::max_element(seconds.begin(), seconds.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  constexpr int enough = 16'000;
  return std::min(most->first, enough);
}

}  // namespace

void check(const TranscriberOptions& options) {
  check_fields("Transcriber", options);
  if (options.augmentation) check_fields("Augmentation", *options.augmentation);
  if (options.streaming && options.normalize == "recording")
    throw OptionError(
        "live sound cannot be normalized by its recording, whose end it does not know",
        "leave {normalize} out, or give \"training\"");
  if (options.streaming && options.top_db.value_or(0.0) > 0.0)
    throw OptionError("live sound has no loudest moment yet that silence could be measured by",
                      "leave {top_db} out, or give 0");
  if (options.resume && options.checkpoint.empty())
    throw Error("a run can only be resumed from a checkpoint", "give the checkpoint's file");
}

void choose(TranscriberOptions& options, std::span<const data::Recording> recordings,
            const SpeechLabels& labels, bool is_single) {
  if (options.rate == 0) options.rate = usual_rate(recordings);
  options.level = labels.level();
  if (options.stride == 0) options.stride = labels.level() == "word" ? 3 : 2;
  if (options.units == 0) options.units = options.streaming ? 160 : 128;
  if (!options.dropout) options.dropout = 0.3;
  if (!options.augmentation) options.augmentation.emplace();
  if (options.normalize.empty()) options.normalize = options.streaming ? "training" : "recording";
  // Of a single word much of the recording is silence, which depends on the microphone; in longer
  // ones what is soft is speech, too.
  if (!options.top_db) options.top_db = is_single && options.normalize == "recording" ? 30.0 : 0.0;
  if (options.batch_size == 0)
    options.batch_size = recordings.size() >= 800 ? 32 : recordings.size() >= 200 ? 16 : 8;
  if (options.learning_rate == 0.0) options.learning_rate = 2e-3;
  if (options.epochs == 0) {
    const auto batches = static_cast<std::int64_t>(recordings.size()) / options.batch_size + 1;
    options.epochs = std::clamp<std::int64_t>(3000 / batches, 40, 200);
  }
}

}  // namespace chronicler::tasks
