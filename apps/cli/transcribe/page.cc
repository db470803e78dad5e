#include "cli/transcribe/page.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace chronicler::cli::transcribe {
namespace {

constexpr double longest_shown = 8.0;       // seconds, in one picture
constexpr std::int64_t most_columns = 300;  // more would not be seen

// Some seconds of the spectrum, high tones on top, neighbouring frames together.
insight::HeatMap spectrum(const tasks::TranscriptTrace& trace) {
  const std::int64_t bands = trace.spectrum.shape()[1];
  const auto limit = static_cast<std::int64_t>(longest_shown / trace.frame_seconds);
  const std::int64_t frames = std::min(trace.spectrum.shape()[0], limit);
  const std::int64_t together = (frames + most_columns - 1) / most_columns;
  insight::HeatMap map;
  map.x_label = "seconds";
  map.y_label = "bands, low to high";
  map.rows = bands;
  map.columns = std::max<std::int64_t>(frames / together, 1);
  map.column_width = trace.frame_seconds * static_cast<double>(together);
  map.values.resize(static_cast<std::size_t>(map.rows * map.columns));
  const float* from = trace.spectrum.as<float>();
  for (std::int64_t band = 0; band < bands; ++band) {
    for (std::int64_t column = 0; column < map.columns; ++column) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < together; ++i)
        sum += from[(column * together + i) * bands + band];
      map.values[static_cast<std::size_t>((bands - 1 - band) * map.columns + column)] =
          sum / static_cast<double>(together);
    }
  }
  return map;
}

// The probability of any label, which is 1 less the blank's: CTC's spikes.
insight::Series spikes(const tasks::TranscriptTrace& trace, double end) {
  insight::Series line{.name = "probability of a label", .color = 1};
  const std::int64_t classes = trace.probabilities.shape()[1];
  for (std::int64_t t = 0; t < trace.probabilities.shape()[0]; ++t) {
    const double x = (static_cast<double>(t) + 0.5) * trace.step_seconds;
    if (x > end) break;
    line.x.push_back(x);
    line.y.push_back(1.0 - static_cast<double>(trace.probabilities.as<float>()[t * classes]));
  }
  return line;
}

}  // namespace

void add_recording(insight::Report& page, const std::string& name,
                   const tasks::TranscriptTrace& trace) {
  const tasks::Transcript& transcript = trace.transcript;
  page.heading(name);
  page.verdict(transcript.text.empty() ? "(no speech)" : transcript.text);
  insight::HeatMap map = spectrum(trace);
  const double end = map.column_width * static_cast<double>(map.columns);
  map.title = fmt::format("{:.2f} s of sound, and the probability of a label", transcript.seconds);
  map.lines = {spikes(trace, end)};
  for (const tasks::Transcript::Word& word : transcript.words) {
    if (word.begin < end) map.marks.push_back({(word.begin + word.end) / 2.0, word.text});
  }
  page.heat_map(map);
  if (transcript.seconds > end + trace.step_seconds)
    page.paragraph(fmt::format("The picture shows the first {:.0f} seconds.", end));
  insight::ReportTable table;
  table.header = {"word", "from (s)", "to (s)", "probability"};
  for (const tasks::Transcript::Word& word : transcript.words) {
    table.rows.push_back({word.text, fmt::format("{:.2f}", word.begin),
                          fmt::format("{:.2f}", word.end),
                          fmt::format("{:.3f}", word.probability)});
  }
  if (!table.rows.empty()) page.table(table);
}

}  // namespace chronicler::cli::transcribe
