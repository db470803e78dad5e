#include "tasks/forecast/history.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "tasks/forecast/series_parts.h"

namespace chronicler::tasks {
namespace {

using Kind = data::TimestampStyle::Kind;
constexpr std::array<std::pair<Kind, std::string_view>, 3> kinds{
    {{Kind::date, "date"}, {Kind::period, "period"}, {Kind::epoch, "epoch"}}};

// A character for each flag.
std::string text_of(const std::vector<std::uint8_t>& flags) {
  std::string text;
  for (const std::uint8_t flag : flags) text += flag != 0 ? '1' : '0';
  return text;
}

std::vector<std::uint8_t> flags_of(const JsonPlace& place, std::size_t size) {
  const std::string& text = place.text();
  if (text.size() != size || text.find_first_not_of("01") != std::string::npos)
    place.refuse(fmt::format("{} times 0 or 1", size));
  std::vector<std::uint8_t> flags;
  flags.reserve(size);
  for (const char c : text) flags.push_back(c == '1' ? 1 : 0);
  return flags;
}

std::int64_t between(const JsonPlace& place, std::int64_t low, std::int64_t high) {
  const std::int64_t value = place.whole();
  if (value < low || value > high) place.refuse(fmt::format("from {} to {}", low, high));
  return value;
}

Json json_of(const data::TimestampStyle& style) {
  Json json;
  for (const auto& [kind, name] : kinds) {
    if (kind == style.kind) json["kind"] = name;
  }
  json["between"] = std::string(1, style.between);
  json["seconds"] = style.seconds;
  json["offset"] = style.offset;
  json["pattern"] = style.pattern;
  json["per_second"] = style.per_second;
  return json;
}

data::TimestampStyle style_of(const JsonPlace& place) {
  data::TimestampStyle style;
  const JsonPlace name = place["kind"];
  const auto* const found = std::find_if(
      kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.second == name.text(); });
  if (found == kinds.end()) name.refuse("\"date\", \"period\" or \"epoch\"");
  style.kind = found->first;
  const std::string& mark = place["between"].text();
  if (mark != " " && mark != "T") place["between"].refuse("\" \" or \"T\"");
  style.between = mark.front();
  style.seconds = place["seconds"].flag();
  style.offset = place["offset"].text();
  style.pattern = place["pattern"].text();
  style.per_second = between(place["per_second"], 1, 1'000'000'000);
  return style;
}

constexpr std::int64_t furthest = 4'000'000'000'000;  // seconds from 1970, over 100,000 years

std::vector<std::int64_t> times_of(const JsonPlace& place, std::size_t rows) {
  std::vector<std::int64_t> times;
  for (const JsonPlace& time : place.items())
    times.push_back(between(time, times.empty() ? -furthest : times.back() + 1, furthest));
  if (times.size() != rows) place.refuse(fmt::format("{} times", rows));
  return times;
}

// What the first rows lack holds the last number before them.
void carry_into(data::TimeSeries& series, std::int64_t first) {
  const std::size_t width = series.columns.size();
  for (std::size_t column = 0; column < width; ++column) {
    for (std::int64_t row = first; row < series.rows() && !series.is_observed(row, column); ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * width + column;
      series.values[at] = series.values[at - width];
    }
  }
}

template <class Value>
void put_before(std::vector<Value>& values, const std::vector<Value>& first) {
  values.insert(values.begin(), first.begin(), first.end());
}

}  // namespace

std::string ForecastHistory::to_json() const {
  Json json{{"values", rows.values}, {"observed", text_of(rows.observed)}, {"before", before}};
  if (rows.times.empty()) return to_text(json);
  json["times"] = rows.times;
  if (!rows.put_in.empty()) json["put_in"] = text_of(rows.put_in);
  json["style"] = json_of(rows.style);
  json["offsets"] = Json::array();
  for (const auto& [from, offset] : rows.offsets) json["offsets"].push_back({from, offset});
  return to_text(json);
}

ForecastHistory ForecastHistory::from_json(std::string_view text, std::string_view what,
                                           const ForecastRecipe& recipe) {
  const Json json = parse_json(text, what);
  const JsonPlace place(json, std::string(what));
  ForecastHistory history;
  data::TimeSeries& rows = history.rows;
  rows.source = "what the model keeps";
  rows.columns = recipe.columns();
  rows.notation = recipe.notation;
  for (const JsonPlace& value : place["values"].items()) rows.values.push_back(value.number());
  const std::size_t width = rows.columns.size();
  if (rows.values.empty() || rows.values.size() % width != 0)
    place["values"].refuse(fmt::format("rows of {} numbers", width));
  rows.observed = flags_of(place["observed"], rows.values.size());
  history.before = between(place["before"], 0, furthest);
  const auto times = place.find("times");
  if (!times) return history;
  const auto count = static_cast<std::size_t>(rows.rows());
  rows.times = times_of(*times, count);
  if (const auto put_in = place.find("put_in")) {
    rows.put_in = flags_of(*put_in, count);
    if (rows.put_in.front() != 0) put_in->refuse("without the first row");
  }
  rows.time_column = recipe.time_column;
  rows.style = style_of(place["style"]);
  for (const JsonPlace& one : place["offsets"].items()) {
    const std::vector<JsonPlace> pair = one.items();
    if (pair.size() != 2) one.refuse("a time and an offset");
    rows.offsets.emplace_back(between(pair[0], -furthest, furthest),
                              static_cast<std::int32_t>(between(pair[1], -86400, 86400)));
  }
  if (recipe.clock_is_learnt) rows.calendar = recipe.clock;
  return history;
}

ForecastHistory kept_rows(const ForecastRecipe& recipe, const ForecastHistory& all) {
  constexpr std::int64_t most_rows = 2000;
  constexpr std::int64_t most_numbers = 40'000;
  constexpr std::int64_t too_many = 400'000;  // for a file
  const auto width = static_cast<std::int64_t>(all.rows.columns.size());
  // A step that a forecast reads has features that look back themselves.
  const std::int64_t needed = recipe.memory + 1 +
                              std::max({recipe.lookback, recipe.linear_lookback,
                                        recipe.covariate_lookback, recipe.memory, recipe.period});
  const auto& values = all.rows.values;
  const bool are_numbers =
      std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  if (needed * width > too_many || !are_numbers) return {};
  const std::int64_t most = std::max(needed, std::min(most_rows, most_numbers / width));
  const std::int64_t end =
      recipe.future.empty() ? all.rows.rows() : all.rows.observed_rows(recipe.targets.size());
  std::int64_t begin = std::max<std::int64_t>(end - most, 0);
  while (begin > 0 && !all.rows.put_in.empty() &&
         all.rows.put_in[static_cast<std::size_t>(begin)] != 0)
    --begin;
  return {rows_between(all.rows, begin, std::min(all.rows.rows(), end + most)), all.before + begin};
}

ForecastHistory with_rows(const ForecastRecipe& recipe, const ForecastHistory& history,
                          const data::TimeSeries& rows) {
  const data::TimeSeries& known = history.rows;
  // Rows without times are newer ones.
  if (history.is_empty())
    return {on_clock_of(recipe, rows), rows.times.empty() ? recipe.trained_rows : 0};
  const std::int64_t end =
      recipe.future.empty() ? known.rows() : known.observed_rows(recipe.targets.size());
  if (known.times.empty() != rows.times.empty()) {
    throw Error(fmt::format("{} has {}times, the rows that the model keeps have {}", rows.source,
                            rows.times.empty() ? "no " : "", known.times.empty() ? "none" : "some"),
                "give rows of the same series");
  }
  data::TimeSeries all = rows;
  std::int64_t kept = end;
  if (!rows.times.empty()) {
    if (rows.times.back() <= known.times[static_cast<std::size_t>(end - 1)]) {
      throw Error(fmt::format("{} ends at {}, and the model knows rows up to {}", rows.source,
                              rows.label(rows.rows() - 1), known.label(end - 1)),
                  "give it newer rows");
    }
    kept = std::lower_bound(known.times.begin(), known.times.end(), rows.times.front()) -
           known.times.begin();
  }
  if (kept == 0) return {on_clock_of(recipe, rows), 0};
  const data::TimeSeries first = rows_between(known, 0, kept);
  if (!first.put_in.empty() || !rows.put_in.empty()) {
    all.put_in.resize(static_cast<std::size_t>(rows.rows()), 0);
    put_before(all.put_in, first.put_in.empty()
                               ? std::vector<std::uint8_t>(static_cast<std::size_t>(kept), 0)
                               : first.put_in);
  }
  put_before(all.values, first.values);
  put_before(all.observed, first.observed);
  put_before(all.times, first.times);
  if (all.offsets.empty() || first.offsets.empty()) {
    put_before(all.offsets, first.offsets);
  } else {
    auto before = first.offsets;
    std::erase_if(before, [&](const auto& one) { return one.first >= all.offsets.front().first; });
    put_before(all.offsets, before);
  }
  carry_into(all, kept);
  all.calendar = {};  // places between the two are put in
  return {on_clock_of(recipe, all), history.before};
}

}  // namespace chronicler::tasks
