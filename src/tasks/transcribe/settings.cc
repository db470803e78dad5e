#include "tasks/transcribe/settings.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

constexpr const char* settings_asset = "transcriber.json";

data::LogMelOptions spectrum_in(const JsonPlace& place) {
  data::LogMelOptions spectrum;
  constexpr std::int64_t most_rate = 1'000'000;
  const std::int64_t rate = place["rate"].whole();
  if (rate < 1 || rate > most_rate) place["rate"].refuse("1 to 1,000,000");
  spectrum.rate = static_cast<int>(rate);
  spectrum.window_seconds = place["window_seconds"].number();
  spectrum.hop_seconds = place["hop_seconds"].number();
  spectrum.bands = place["bands"].whole();
  spectrum.low = place["low"].number();
  spectrum.floor = place["floor"].number();
  return spectrum;
}

SpeechSteps steps_in(const JsonPlace& place) {
  const SpeechSteps steps{place["kernel"].whole(), place["stride"].whole()};
  if (steps.kernel < 1 || steps.kernel > 64) place["kernel"].refuse("1 to 64");
  if (steps.stride < 1 || steps.stride > 64) place["stride"].refuse("1 to 64");
  return steps;
}

// Files of older versions have none.
SpeechLevel level_in(const JsonPlace& place) {
  SpeechLevel level;
  if (const auto by_recording = place.find("by_recording"))
    level.by_recording = by_recording->flag();
  if (const auto top_db = place.find("top_db")) {
    level.top_db = top_db->number();
    if (!(level.top_db >= 0.0)) top_db->refuse("0 or more");
  }
  return level;
}

SpeechLabels labels_in(const JsonPlace& place) {
  std::vector<std::string> names;
  for (const JsonPlace& name : place["labels"].items()) names.push_back(name.text());
  return {place["level"].text(), place["as_written"].flag(), std::move(names)};
}

std::vector<float> numbers_of_bands(const JsonPlace& place, std::int64_t bands) {
  std::vector<float> numbers;
  for (const JsonPlace& number : place.items())
    numbers.push_back(static_cast<float>(number.number()));
  if (numbers.size() != static_cast<std::size_t>(bands)) place.refuse("a number for each band");
  return numbers;
}

}  // namespace

void keep_settings(const SpeechRecognition& recognition, std::uint64_t seed, Model& model) {
  const SpeechReader& sound = recognition.sound;
  const data::LogMelOptions& spectrum = sound.log_mel().options();
  const Json settings{{"task", "transcribe"},
                      {"version", 1},
                      {"rate", spectrum.rate},
                      {"window_seconds", spectrum.window_seconds},
                      {"hop_seconds", spectrum.hop_seconds},
                      {"bands", spectrum.bands},
                      {"low", spectrum.low},
                      {"floor", spectrum.floor},
                      {"by_recording", sound.level().by_recording},
                      {"top_db", sound.level().top_db},
                      {"mean", sound.mean()},
                      {"factor", sound.factor()},
                      {"kernel", sound.steps().kernel},
                      {"stride", sound.steps().stride},
                      {"level", recognition.labels.level()},
                      {"as_written", recognition.labels.as_written()},
                      {"labels", recognition.labels.names()},
                      {"one_label", recognition.one_label},
                      {"streaming", recognition.streaming},
                      {"usual_text", recognition.usual_text},
                      {"seed", seed}};
  model.assets()[settings_asset] = to_text(settings);
}

bool has_settings(const Model& model) { return model.assets().contains(settings_asset); }

SpeechRecognition recognition_of(const Model& model) {
  const Json json = parse_json(model.assets().at(settings_asset), "its settings");
  const JsonPlace place(json, "its settings");
  if (place["task"].text() != "transcribe") place["task"].refuse("\"transcribe\"");
  if (place["version"].whole() != 1)
    throw Error("it is of a newer Chronicler", "use a newer Chronicler");
  const data::LogMelOptions spectrum = spectrum_in(place);
  SpeechRecognition recognition{
      SpeechReader(spectrum, steps_in(place), level_in(place)),
      labels_in(place),
      place["streaming"].flag(),
      place["one_label"].flag(),
      place["usual_text"].text(),
  };
  std::vector<float> mean = numbers_of_bands(place["mean"], spectrum.bands);
  recognition.sound.set_scale(std::move(mean), numbers_of_bands(place["factor"], spectrum.bands));
  const std::int64_t classes = recognition.labels.classes();
  if (model.input_shapes().size() != 1 || model.input_shape().rank() != 3 ||
      model.output_shapes().size() != 1 || model.output_shape().rank() != 3)
    throw Error("its network does not turn frames into steps", "use another copy of the model");
  if (model.input_shape()[-1] != spectrum.bands || model.output_shape()[-1] != classes) {
    throw Error(
        fmt::format("its network has {} bands and {} classes, its settings {} and {}",
                    model.input_shape()[-1], model.output_shape()[-1], spectrum.bands, classes),
        "use another copy of the model");
  }
  return recognition;
}

}  // namespace chronicler::tasks
