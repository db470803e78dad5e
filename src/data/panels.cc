#include "data/panels.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "data/csv_cells.h"

namespace chronicler::data {
namespace {

constexpr std::size_t most_rows = 300'000;  // that are read to find out
constexpr std::size_t most_columns = 40;    // that may be the key

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return (a ^ (b + 0x9E3779B97F4A7C15U + (a << 6U) + (a >> 2U))) * 0xFF51AFD7ED558CCDU;
}

struct Column {
  std::size_t place = 0;
  std::vector<std::uint32_t> codes;  // of each row's cell
  std::vector<std::string> values;   // of each code
};

// A column of few values, each in many rows, may distinguish series.
bool may_be_key(const Column& column, std::size_t rows) {
  return column.values.size() >= 2 && 3 * column.values.size() <= rows;
}

// Each time once in each series, and most times between the first and the last of a series in it:
// cells of another kind may differ by chance where a row is doubled, but are of all times.
bool tells_apart(const std::vector<std::uint32_t>& times, const std::vector<const Column*>& key) {
  constexpr double least_share = 0.6;
  struct Series {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t rows = 0;
  };
  std::unordered_map<std::uint64_t, Series> all;
  std::unordered_set<std::uint64_t> seen;
  for (std::size_t row = 0; row < times.size(); ++row) {
    std::uint64_t hash = 1;
    for (const Column* column : key) hash = mixed(hash, column->codes[row] + 1);
    if (!seen.insert(mixed(hash, times[row])).second) return false;
    Series& series = all[hash];
    series.first = series.rows == 0 ? times[row] : std::min(series.first, times[row]);
    series.last = std::max(series.last, times[row]);
    ++series.rows;
  }
  double places = 0.0;
  for (const auto& [hash, series] : all)
    places += static_cast<double>(series.last - series.first) + 1.0;
  return static_cast<double>(times.size()) >= least_share * places;
}

SeriesKey described(const CsvRows& file, const std::vector<const Column*>& key) {
  SeriesKey result;
  std::unordered_set<std::uint64_t> series;
  for (std::size_t row = 0; row < key.front()->codes.size(); ++row) {
    std::uint64_t hash = 1;
    for (const Column* column : key) hash = mixed(hash, column->codes[row] + 1);
    series.insert(hash);
  }
  result.series = series.size();
  for (const Column* column : key) {
    result.columns.push_back(file.columns()[column->place]);
    result.values.push_back(column->values[column->codes.front()]);
  }
  const auto& values = key.front()->values;
  result.first_values.assign(
      values.begin(),
      values.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(values.size(), 3)));
  return result;
}

}  // namespace

SeriesKey series_key(const std::filesystem::path& path, const CsvRowsOptions& options,
                     const std::vector<std::size_t>& time,
                     const std::vector<std::size_t>& numbers) {
  if (path == "-") return {};
  CsvRows file(path, options);
  std::vector<Column> columns;
  for (std::size_t place = 0; place < file.columns().size() && columns.size() < most_columns;
       ++place) {
    const auto is_in = [&](const std::vector<std::size_t>& list) {
      return std::find(list.begin(), list.end(), place) != list.end();
    };
    if (!is_in(time) && !is_in(numbers)) columns.push_back({place, {}, {}});
  }
  std::vector<std::unordered_map<std::string, std::uint32_t>> codes(columns.size());
  std::unordered_map<std::uint64_t, std::uint32_t> known;
  std::vector<std::uint32_t> times;  // numbered as they come first
  while (times.size() < most_rows && file.next()) {
    std::uint64_t hash = 0;
    for (const std::size_t at : time)
      hash = mixed(hash, std::hash<std::string_view>()(trimmed(file.cells()[at])));
    times.push_back(known.emplace(hash, static_cast<std::uint32_t>(known.size())).first->second);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string cell(trimmed(file.cells()[columns[i].place]));
      const auto [code, is_new] =
          codes[i].emplace(cell, static_cast<std::uint32_t>(columns[i].values.size()));
      if (is_new) columns[i].values.push_back(cell);
      columns[i].codes.push_back(code->second);
    }
  }
  std::vector<const Column*> likely;
  for (const Column& column : columns) {
    if (may_be_key(column, times.size())) likely.push_back(&column);
  }
  std::stable_sort(likely.begin(), likely.end(), [](const Column* a, const Column* b) {
    return a->values.size() < b->values.size();
  });
  for (const Column* column : likely) {
    if (tells_apart(times, {column})) return described(file, {column});
  }
  for (std::size_t i = 0; i < likely.size() && i < 8; ++i) {
    for (std::size_t k = i + 1; k < likely.size() && k < 8; ++k) {
      if (tells_apart(times, {likely[i], likely[k]}))
        return described(file, {likely[i], likely[k]});
    }
  }
  return {};
}

}  // namespace chronicler::data
