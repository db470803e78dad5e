#include "data/time_column.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/csv_cells.h"

namespace chronicler::data {
namespace {

// Names of columns that are joined as numbers.
constexpr std::array<std::string_view, 6> units{"year", "month",  "day",
                                                "hour", "minute", "quarter"};

constexpr std::array<DateOrder, 3> orders{DateOrder::day_first, DateOrder::month_first,
                                          DateOrder::year_first};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_number(std::string_view cell) {
  return read_number(trimmed(cell), CsvOptions{}).problem.empty();
}

std::optional<Timestamp> in_any_order(std::string_view cell) {
  for (const DateOrder order : orders) {
    if (auto time = read_timestamp(cell, order)) return time;
  }
  return {};
}

bool is_named_as_time(std::string_view name) {
  constexpr std::array<std::string_view, 14> inside{"date", "time",  "month", "week",    "year",
                                                    "day",  "datum", "stamp", "quarter", "epoch",
                                                    "zeit", "monat", "woche", "jahr"};
  constexpr std::array<std::string_view, 10> whole{"ds",  "ts",   "dt",  "t",     "when",
                                                   "tag", "unix", "utc", "fecha", "period"};
  const std::string small = lower(name);
  return std::find(whole.begin(), whole.end(), small) != whole.end() ||
         std::any_of(inside.begin(), inside.end(),
                     [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

bool is_whole(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// 30 and 930 as 0030 and 0930.
std::string with_zeros(std::string_view text) {
  if (!is_whole(text) || text.size() > 4) return std::string(text);
  return std::string(4 - text.size(), '0') + std::string(text);
}

// 14:05, 14:05:00, 2:05 PM; or, in a column that is called so, a whole hour, 0 to 24, or 30 for
// half past midnight and 1400.
bool is_time_of_day(std::string_view cell, bool is_hour_column) {
  const std::string_view text = trimmed(cell);
  if (text.find(':') == std::string_view::npos && !is_hour_column) return false;
  return !text.empty() && (read_timestamp("2000-01-01 " + std::string(text)).has_value() ||
                           read_timestamp("2000-01-01 " + with_zeros(text)).has_value());
}

bool is_named_as_hour(std::string_view name) {
  constexpr std::array<std::string_view, 7> words{"hour",  "stunde", "uhrzeit", "time",
                                                  "heure", "hr",     "hora"};
  const std::string small = lower(name);
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

// How often a cell is the one above it.
std::size_t repeats_in(const TimeColumn::Rows& rows, std::size_t column) {
  std::size_t same = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) same += rows[i][column] == rows[i - 1][column];
  return same;
}

// How many different pairs of cells two columns have.
std::size_t count_different(const TimeColumn::Rows& rows, std::size_t a, std::size_t b) {
  std::set<std::pair<std::string_view, std::string_view>> pairs;
  for (const auto& row : rows) pairs.emplace(row[a], row[b]);
  return pairs.size();
}

// Numbers of a column without the name of a time: 20240331 or seconds since 1970, in order, and the
// latter a whole number of minutes apart. Anything else may be a key.
bool are_times(const TimeColumn::Rows& rows, std::size_t column) {
  constexpr double least = 6.3e8;  // 1990
  constexpr double most = 4.1e9;   // 2100
  if (rows.size() < 3) return false;
  std::vector<std::int64_t> times;
  for (const auto& row : rows) {
    TimestampStyle style;
    const std::string_view cell = trimmed(row[column]);
    if (cell.size() < 8 || cell.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    const auto time = read_timestamp(cell, DateOrder::year_first, &style);
    if (!time) return false;
    const auto seconds = static_cast<double>(time->clock);
    if (style.kind == TimestampStyle::Kind::epoch && (seconds < least || seconds > most))
      return false;
    if (style.kind != TimestampStyle::Kind::epoch && cell.size() == 8 && cell[0] > '2')
      return false;
    times.push_back(time->clock);
  }
  const TimeStep step = common_step(times);
  return (std::is_sorted(times.begin(), times.end()) ||
          std::is_sorted(times.rbegin(), times.rend())) &&
         (step.months > 0 || (step.seconds > 0 && step.seconds % 60 == 0));
}

enum class Dates : std::uint8_t { none, most, repeated, all };

// `has_parts`: there are columns of months, days or hours.
Dates dates_in(const std::string& name, const TimeColumn::Rows& rows, std::size_t column,
               bool has_parts) {
  const bool is_named = is_named_as_time(name);
  std::size_t dates = 0;
  std::size_t numbers = 0;
  for (const auto& row : rows) {
    const bool number = is_number(row[column]);
    numbers += number ? 1 : 0;
    dates += (!number || is_named) && in_any_order(row[column]).has_value() ? 1 : 0;
  }
  const std::size_t same = repeats_in(rows, column);
  const bool differ = 2 * same <= rows.size();
  if (dates == rows.size()) {
    // A year beside columns of month and day is no time by itself, nor is one date that all rows
    // have, unless it is called so.
    const bool is_year = numbers == rows.size() && trimmed(rows[0][column]).size() < 8;
    if (is_year && same > 0 && has_parts) return Dates::none;
    if (differ) return Dates::all;
    return !is_named && same + 1 == rows.size() ? Dates::none : Dates::repeated;
  }
  if (!is_named && numbers == rows.size() && are_times(rows, column)) return Dates::all;
  if (!is_named || 10 * dates < 9 * rows.size()) return Dates::none;
  if (differ) return Dates::most;
  // Of several series, with cells that are no dates: still the dates, not rows without any.
  return numbers == 0 && same + 1 < rows.size() ? Dates::repeated : Dates::none;
}

// How the rows of one reading follow one another.
struct Shape {
  bool in_order = true;  // rising or falling; an hour that is set back does not count
  double filled = 1.0;   // share of the places between first and last row that have one
};

Shape shape_of(std::vector<std::int64_t> times) {
  Shape shape;
  std::int64_t rises = 0;
  std::int64_t falls = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    rises += times[i] > times[i - 1] + 3600 ? 1 : 0;
    falls += times[i] < times[i - 1] - 3600 ? 1 : 0;
  }
  shape.in_order = rises == 0 || falls == 0;
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  if (const TimeStep step = common_step(times)) {
    shape.filled = static_cast<double>(times.size()) /
                   static_cast<double>(step.between(times.front(), times.back()) + 1);
  }
  return shape;
}

std::string option_of(DateOrder order) {
  std::string option = "--" + std::string(name_of(order));
  std::replace(option.begin(), option.end(), ' ', '-');
  return option;
}

}  // namespace

TimeColumn::TimeColumn(const CsvRows& file, const std::vector<std::string>& names,
                       std::optional<DateOrder> given, std::optional<DateOrder> usual)
    : is_given_(given.has_value()), usual_(usual) {
  readings_.push_back({given.value_or(DateOrder::day_first), {}});
  is_forked_ = is_given_;
  for (const std::string& name : names) take(file.find(name), file);
}

void TimeColumn::take(std::size_t place, const CsvRows& file) {
  const std::string& name = file.columns()[place];
  places_.push_back(place);
  parts_.push_back(lower(name));
  name_ += (name_.empty() ? "" : ",") + name;
  if (!escaped_name_.empty()) escaped_name_ += ',';
  for (const char c : name) escaped_name_ += c == ',' ? "\\," : std::string(1, c);
  all_units_ = places_.size() > 1 && std::all_of(parts_.begin(), parts_.end(), [&](auto& part) {
                 return std::find(units.begin(), units.end(), part) != units.end();
               });
}

void TimeColumn::look_at(const CsvRows& file, const Rows& rows,
                         const std::vector<std::size_t>& taken) {
  if (places_.empty()) look_for(file, rows, taken);
  if (places_.size() < 2 || all_units_) return;
  has_glued_minutes_ = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
    const std::string_view cell = trimmed(row[places_.back()]);
    return is_whole(cell) && cell.size() >= 2 && cell.size() <= 4 &&
           (cell.size() > 2 || cell > "24");
  });
}

// Columns called year and month or quarter, and perhaps day, hour, minute.
void TimeColumn::look_for_units(const CsvRows& file, const std::vector<std::size_t>& taken) {
  std::vector<std::size_t> found;
  for (const std::string_view unit : units) {
    for (std::size_t column = 0; column < file.columns().size(); ++column) {
      const bool is_taken = std::find(taken.begin(), taken.end(), column) != taken.end();
      if (!is_taken && lower(trimmed(file.columns()[column])) == unit) found.push_back(column);
    }
  }
  const auto has = [&](std::string_view unit) {
    return std::any_of(found.begin(), found.end(), [&](std::size_t column) {
      return lower(trimmed(file.columns()[column])) == unit;
    });
  };
  if (!has("year") || has("month") == has("quarter")) return;
  for (const std::size_t column : found) take(column, file);
}

void TimeColumn::look_for(const CsvRows& file, const Rows& rows,
                          const std::vector<std::size_t>& taken) {
  if (rows.empty()) return;
  const std::size_t width = file.columns().size();
  const auto is_taken = [&](std::size_t column) {
    return std::find(taken.begin(), taken.end(), column) != taken.end();
  };
  constexpr std::array<std::string_view, 6> parts{"month", "quarter", "week", "day", "doy", "hour"};
  const bool has_parts = std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return std::any_of(file.columns().begin(), file.columns().end(), [&](const std::string& name) {
      return lower(name).find(part) != std::string::npos;
    });
  });
  std::vector<Dates> found;
  for (std::size_t column = 0; column < width; ++column)
    found.push_back(is_taken(column) ? Dates::none
                                     : dates_in(file.columns()[column], rows, column, has_parts));
  for (const Dates wanted : {Dates::all, Dates::most, Dates::repeated}) {
    const auto place = std::find(found.begin(), found.end(), wanted);
    if (place == found.end()) continue;
    const auto date = static_cast<std::size_t>(place - found.begin());
    take(date, file);
    const bool has_times = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      const auto time = in_any_order(row[date]);
      return !time || time->clock % 86400 != 0;
    });
    if (has_times || repeats_in(rows, date) == 0) return;
    for (std::size_t column = 0; column < width; ++column) {
      if (is_taken(column) || column == date) continue;
      const bool is_hour = is_named_as_hour(file.columns()[column]);
      // It distinguishes rows of one date, if not all: there may be several series.
      if (repeats_in(rows, column) + 1 == rows.size() ||
          count_different(rows, date, column) < 2 * count_different(rows, date, date) ||
          !std::all_of(rows.begin(), rows.end(),
                       [&](const auto& row) { return is_time_of_day(row[column], is_hour); }))
        continue;
      take(column, file);
      return;
    }
    return;
  }
  look_for_units(file, taken);
  const bool are_all = !places_.empty() && std::all_of(rows.begin(), rows.end(), [&](auto& row) {
    return std::all_of(places_.begin(), places_.end(),
                       [&](std::size_t at) { return is_whole(trimmed(row[at])); });
  });
  if (!are_all) forget();
}

std::string TimeColumn::text_of(const CsvRows& file) const {
  std::string text;
  for (const std::size_t at : places_) {
    const std::string_view cell = trimmed(file.cells()[at]);
    if (text.empty()) {
      text = cell;
    } else {
      text += " " + (has_glued_minutes_ ? with_zeros(cell) : std::string(cell));
    }
  }
  return text;
}

// Columns called year, month, ...
std::optional<Timestamp> TimeColumn::joined_units(const CsvRows& file) const {
  std::array<double, units.size()> numbers{1970, 1, 1, 0, 0, 1};
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const auto unit = std::find(units.begin(), units.end(), parts_[i]);
    const auto reading = read_number(trimmed(file.cells()[places_[i]]), CsvOptions{});
    if (!reading.problem.empty()) return {};
    numbers[static_cast<std::size_t>(unit - units.begin())] = reading.value;
  }
  const double month = numbers[1] + 3.0 * (numbers[5] - 1.0);
  const auto day =
      parse_timestamp(fmt::format("{:04.0f}-{:02.0f}-{:02.0f}", numbers[0], month, numbers[2]));
  if (!day) return {};
  return Timestamp{*day + static_cast<std::int64_t>(numbers[3] * 3600.0 + numbers[4] * 60.0)};
}

std::optional<Timestamp> TimeColumn::read_as(const CsvRows& file, DateOrder order) {
  if (all_units_) return joined_units(file);
  TimestampStyle style;
  std::optional<Timestamp> time;
  if (places_.size() == 1) {
    time = read_timestamp(file.cells()[places_.front()], order, &style);
  } else {
    time = read_timestamp(text_of(file), order, &style);
  }
  if (time && !has_style_) {
    style_ = style;
    has_style_ = true;
  }
  return time;
}

void TimeColumn::note_offset(const Timestamp& time, const CsvRows& file) {
  const bool is_first = readings_.front().clocks.empty();
  has_fractions_ = has_fractions_ || time.has_fraction;
  if (time.offset.has_value() != !offsets_.empty() && !is_first) {
    throw Error(
        fmt::format("{}: column {}: {} has {} offset from UTC, rows before it have {}",
                    place(file.name(), file.line()), in_quotes(name_), in_quotes(text_of(file)),
                    time.offset ? "an" : "no", time.offset ? "none" : "one"),
        "write all times with an offset, or none");
  }
  if (time.offset) offsets_.push_back(*time.offset);
}

void TimeColumn::read(const CsvRows& file) {
  const auto time = read_as(file, readings_.front().order);
  const bool forks =
      !is_forked_ && (time ? time->by_order : in_any_order(text_of(file)).has_value());
  if (!forks && readings_.size() == 1) {
    if (!time) refuse(file);
    note_offset(*time, file);
    readings_.front().clocks.push_back(time->clock);
    return;
  }
  if (forks) {
    is_forked_ = true;
    const std::vector<std::int64_t> clocks = readings_.front().clocks;
    readings_.clear();
    for (const DateOrder order : orders) readings_.push_back({order, clocks});
  }
  std::array<std::optional<Timestamp>, orders.size()> times;
  const Timestamp* any = nullptr;
  bool differ = false;
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    times[i] = read_as(file, readings_[i].order);
    if (!times[i]) continue;
    differ = differ || (any != nullptr && times[i]->clock != any->clock);
    any = &*times[i];
  }
  if (any == nullptr) refuse(file);
  note_offset(*any, file);
  if (differ && example_.line == 0) example_ = {text_of(file), file.line()};
  if (any->by_order) {
    const std::string text = text_of(file);
    all_points_ = all_points_ && text[text.find_first_not_of("0123456789")] == '.';
  }
  std::vector<Reading> left;
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    if (!times[i]) {
      ended_[static_cast<std::size_t>(readings_[i].order)] = {text_of(file), file.line()};
      continue;
    }
    readings_[i].clocks.push_back(times[i]->clock);
    left.push_back(std::move(readings_[i]));
  }
  readings_ = std::move(left);
}

void TimeColumn::refuse(const CsvRows& file) const {
  const std::string text = text_of(file);
  const std::string here = fmt::format("{}: column {}: {}", place(file.name(), file.line()),
                                       in_quotes(name_), in_quotes(text));
  const auto other = std::find_if(orders.begin(), orders.end(), [&](DateOrder order) {
    return read_timestamp(text, order).has_value();
  });
  if (other != orders.end() && !all_units_) {
    const DateOrder order = readings_.front().order;
    if (is_given_) {
      throw Error(fmt::format("{} is no date with the {}", here, name_of(order)),
                  fmt::format("leave {} out, or give {}", option_of(order), option_of(*other)));
    }
    const Cell& before = ended_[static_cast<std::size_t>(*other)];
    if (before.line > 0) {
      throw Error(fmt::format("{} has the {}, but {} in line {} has the {}", here, name_of(*other),
                              in_quotes(before.text), before.line, name_of(order)),
                  "write all dates in one order");
    }
  }
  throw Error(here + " is not a date",
              "dates look like 2024-03-31 or 2024-03-31 14:00; for another column give --time");
}

void TimeColumn::forget_first(std::size_t count) {
  const auto end = static_cast<std::ptrdiff_t>(count);
  for (Reading& reading : readings_)
    reading.clocks.erase(reading.clocks.begin(), reading.clocks.begin() + end);
  if (!offsets_.empty()) offsets_.erase(offsets_.begin(), offsets_.begin() + end);
}

void TimeColumn::refuse_open(const CsvRows& file, const std::vector<Reading>& open) const {
  std::string readings;
  std::string options;
  for (const Reading& reading : open) {
    const auto time = read_timestamp(example_.text, reading.order);
    readings += fmt::format("{}{} ({})", readings.empty() ? "" : " or ",
                            time ? format_timestamp(time->clock, time->clock % 86400 == 0) : "none",
                            name_of(reading.order));
    options += (options.empty() ? "" : " or ") + option_of(reading.order);
  }
  throw Error(fmt::format("{}: column {}: {} can be {}, and no row shows which",
                          place(file.name(), example_.line), in_quotes(name_),
                          in_quotes(example_.text), readings),
              fmt::format("give {}", options));
}

TimeColumn::Times TimeColumn::finish(const CsvRows& file) {
  const auto done = [&](Reading& reading, bool matters) {
    Times times{std::move(reading.clocks), std::move(offsets_), {}};
    if (matters) times.order = reading.order;
    return times;
  };
  if (readings_.size() == 1) return done(readings_.front(), is_forked_);
  const bool same = std::all_of(readings_.begin() + 1, readings_.end(), [&](const Reading& other) {
    return other.clocks == readings_.front().clocks;
  });
  if (same) return done(readings_.front(), false);
  std::vector<Shape> shapes;
  for (const Reading& reading : readings_) shapes.push_back(shape_of(reading.clocks));
  const bool any_in_order =
      std::any_of(shapes.begin(), shapes.end(), [](const Shape& shape) { return shape.in_order; });
  double best = 0.0;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < readings_.size(); ++i) {
    if (any_in_order && !shapes[i].in_order) continue;
    open.push_back(i);
    best = std::max(best, shapes[i].filled);
  }
  const auto of_order = [&](DateOrder order) {
    return std::find_if(open.begin(), open.end(),
                        [&](std::size_t i) { return readings_[i].order == order; });
  };
  if (usual_ && of_order(*usual_) != open.end()) return done(readings_[*of_order(*usual_)], true);
  open.erase(std::remove_if(open.begin(), open.end(),
                            [&](std::size_t i) { return 3.0 * shapes[i].filled < best; }),
             open.end());
  // 31.3.2024 is how days come first.
  if (all_points_ && of_order(DateOrder::day_first) != open.end())
    return done(readings_[*of_order(DateOrder::day_first)], true);
  if (open.size() == 1) return done(readings_[open.front()], true);
  std::vector<Reading> left;
  for (const std::size_t i : open) left.push_back({readings_[i].order, {}});
  refuse_open(file, left);
}

}  // namespace chronicler::data
