#include "data/number_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/csv_cells.h"

namespace chronicler::data {
namespace {

constexpr double largest = 1e100;  // the square of what is larger, times many rows, is no number
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

CsvOptions options_of(char decimal, const std::string& thousands, char delimiter) {
  CsvOptions options;
  options.delimiter = delimiter;
  options.decimal = decimal;
  options.missing_values.emplace_back("?");
  if (thousands.empty()) {
    options.thousands = decimal == '.' ? ", '" : ". '";
  } else if (thousands != "none" && thousands.front() != decimal) {
    options.thousands = thousands;
  }
  return options;
}

bool has_mark(std::string_view cell) { return cell.find_first_of(".,") != std::string_view::npos; }

// 31.3.2024 and 31.3.24.
bool is_point_date(std::string_view cell) {
  const std::size_t first = cell.find('.');
  return first != std::string_view::npos && first <= 2 &&
         cell.find('.', first + 1) != std::string_view::npos;
}

std::string shown(double value) { return fmt::format("{}", value); }

}  // namespace

NumberColumns::NumberColumns(const CsvRows& file, std::vector<std::size_t> places,
                             const Marks& given, const Marks& usual)
    : places_(std::move(places)), usual_(usual.decimal) {
  const bool one_mark = given.thousands == "." || given.thousands == ",";
  const char implied = !one_mark ? '\0' : given.thousands == "." ? ',' : '.';
  const char decimal = given.decimal != '\0' ? given.decimal : implied;
  points_.options = options_of('.', given.thousands, file.delimiter());
  commas_.options = options_of(',', given.thousands, file.delimiter());
  is_told_ = decimal != '\0';
  if (is_told_) (decimal == '.' ? commas_ : points_).is_open = false;
  looks_.resize(places_.size());
  may_be_commas_ = is_told_ || file.delimiter() != ',' || usual.decimal == ',';
}

void NumberColumns::learn_from(const CsvRows& file,
                               const std::vector<std::vector<std::string>>& rows,
                               const std::vector<std::size_t>& dates) {
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < file.columns().size(); ++column) {
      const std::string_view cell = trimmed(row[column]);
      if (std::find(dates.begin(), dates.end(), column) != dates.end()) {
        has_point_dates_ = has_point_dates_ || is_point_date(cell);
        continue;
      }
      if (!has_mark(cell)) continue;
      const bool point = read_number(cell, points_.options).problem.empty();
      const bool comma = read_number(cell, commas_.options).problem.empty();
      if (point && !comma) ++others_points_;
      if (comma && !point) ++others_commas_;
    }
  }
}

void NumberColumns::refuse(const CsvRows& file, std::size_t column, std::string problem) const {
  const std::string_view cell = trimmed(file.cells()[column]);
  const std::string where = fmt::format("{}: column {}: {}", place(file.name(), file.line()),
                                        in_quotes(file.columns()[column]), in_quotes(cell));
  std::string hint = "correct the cell, or leave it empty if there is no number";
  const bool reads_commas = commas_.is_open && !points_.is_open;
  const Reading other =
      read_number(cell, options_of(reads_commas ? '.' : ',', "", file.delimiter()));
  if (problem == "is not a number" && other.problem.empty()) {
    const Way& way = reads_commas ? points_ : commas_;
    const char mark = reads_commas ? '.' : ',';
    if (!is_told_ && way.ended.line > 0) {
      problem +=
          fmt::format(" with decimal {}, as in {} in line {}", reads_commas ? "commas" : "points",
                      in_quotes(way.ended.text), way.ended.line);
      hint = fmt::format("write all numbers alike, or give --decimal {}", mark);
    } else if (reads_commas) {
      hint = "numbers of this file are read with decimal commas; give --decimal . if that is wrong";
    } else {
      hint = "if the comma marks decimals, give --decimal ,";
    }
  } else if (const std::string unit = unit_in(cell); !unit.empty()) {
    hint = fmt::format("numbers are written without units: take {} out", in_quotes(unit));
  }
  throw Error(fmt::format("{} {}", where, problem), hint);
}

void NumberColumns::close(Way& way, const CsvRows& file, std::size_t column) {
  way.is_open = false;
  way.ended = {std::string(trimmed(file.cells()[column])), file.columns()[column], file.line()};
  if (differ_) {
    const Looks open = open_looks();
    has_thousands_ = &way == &points_ ? open.has_points : open.has_commas;
    if (&way == &points_) points_.values = std::move(commas_.values);
  }
  commas_.values = {};
  differ_ = false;
}

NumberColumns::Looks NumberColumns::open_looks() const {
  Looks all;
  for (const Looks& one : looks_) {
    if (!one.has_points && !one.has_commas) continue;
    all.has_points = all.has_points || one.has_points;
    all.has_commas = all.has_commas || one.has_commas;
    all.short_cells += one.short_cells;
    all.long_cells += one.long_cells;
  }
  return all;
}

void NumberColumns::read(const CsvRows& file) {
  for (std::size_t i = 0; i < places_.size(); ++i) read_cell(file, places_[i], looks_[i]);
}

// The numbers stand in points_.values, whichever way is read; commas_.values holds those of the
// other way while both are open and differ.
void NumberColumns::read_cell(const CsvRows& file, std::size_t column, Looks& looks) {
  const std::string_view cell = trimmed(file.cells()[column]);
  if (is_missing(cell, points_.options)) {
    ++missing_cells_;
    points_.values.push_back(nothing);
    if (differ_) commas_.values.push_back(nothing);
    return;
  }
  const bool is_marked = has_mark(cell);
  const bool needs_points = points_.is_open || !is_marked;
  Reading point = needs_points ? read_number(cell, points_.options) : Reading{};
  Reading comma = point;
  if (is_marked && commas_.is_open) comma = read_number(cell, commas_.options);
  if (!points_.is_open) {
    point = comma;
  } else if (is_marked && !is_told_) {
    const bool by_point = point.problem.empty();
    const bool by_comma = commas_.is_open && comma.problem.empty();
    if (!by_point && by_comma && may_be_commas_) {
      close(points_, file, column);
      point = comma;
    } else if (commas_.is_open && by_point && !by_comma) {
      close(commas_, file, column);
    } else if (by_point && by_comma) {
      if (point.value != comma.value) {
        looks.has_points = looks.has_points || cell.find('.') != std::string_view::npos;
        looks.has_commas = looks.has_commas || cell.find(',') != std::string_view::npos;
        if (example_.line == 0) example_ = {std::string(cell), file.columns()[column], file.line()};
        if (!std::exchange(differ_, true)) commas_.values = points_.values;
      }
    }
  }
  if (point.problem.empty() && std::abs(point.value) > largest)
    point.problem = fmt::format("is too large, above {:g}", largest);
  if (!point.problem.empty()) refuse(file, column, point.problem);
  if (!is_marked) {
    const auto digits =
        std::count_if(cell.begin(), cell.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits > 3) ++looks.long_cells;
    if (digits <= 3 && point.value != 0.0) ++looks.short_cells;
  }
  if (is_marked && !has_thousands_) {
    const char decimal = points_.is_open ? '.' : ',';
    has_thousands_ = cell.find(decimal == '.' ? ',' : '.') != std::string_view::npos;
  }
  points_.values.push_back(point.value);
  if (differ_) commas_.values.push_back(comma.value);
}

void NumberColumns::forget_first(std::size_t rows) {
  const auto cells = static_cast<std::ptrdiff_t>(rows * places_.size());
  points_.values.erase(points_.values.begin(), points_.values.begin() + cells);
  if (differ_) commas_.values.erase(commas_.values.begin(), commas_.values.begin() + cells);
}

void NumberColumns::refuse_open(const CsvRows& file) const {
  const Reading point = read_number(example_.text, points_.options);
  const Reading comma = read_number(example_.text, commas_.options);
  throw Error(fmt::format("{}: column {}: {} can be {} or {}, and no cell shows which",
                          place(file.name(), example_.line), in_quotes(example_.column),
                          in_quotes(example_.text), shown(point.value), shown(comma.value)),
              fmt::format("give --decimal . or --decimal , (or --thousands . or --thousands ,)"));
}

// All marked cells are groups of three digits, which either way reads.
bool NumberColumns::prefers_commas(const CsvRows& file) const {
  if (usual_ != '\0') return usual_ == ',';
  if (others_points_ > 0 && others_commas_ == 0) return false;
  if (others_commas_ > 0 && others_points_ == 0) return true;
  const Looks looks = open_looks();
  if (looks.has_points && looks.has_commas) refuse_open(file);
  const bool in_commas = file.delimiter() == ',';
  if (looks.has_points) {  // 1.298
    if (looks.long_cells > 0) return false;
    if (looks.short_cells > 0) refuse_open(file);
    // All with three digits behind the point: decimals, unless the file is of a country where
    // points mark thousands.
    if (has_point_dates_) refuse_open(file);
    return false;
  }
  if (in_commas) {  // "1,298", in quotes
    if (looks.long_cells > 0) refuse_open(file);
    return false;
  }
  if (looks.long_cells > 0) return true;
  if (looks.short_cells > 0 || file.delimiter() != ';') refuse_open(file);
  return true;
}

std::vector<double> NumberColumns::finish(const CsvRows& file, Marks& marks,
                                          std::vector<std::string>& notes) {
  bool commas = !points_.is_open;
  if (differ_) {
    commas = prefers_commas(file);
    const Looks looks = open_looks();
    has_thousands_ = commas ? looks.has_points : looks.has_commas;
    const Reading other = read_number(example_.text, commas ? points_.options : commas_.options);
    const bool may_be_thousands = looks.has_points && file.delimiter() == ';';
    if (has_thousands_ || looks.has_commas || may_be_thousands) {
      const Reading taken = read_number(example_.text, commas ? commas_.options : points_.options);
      notes.push_back(fmt::format("{} in line {} is read as {}; if it is {}, give --decimal {}",
                                  in_quotes(example_.text), example_.line, shown(taken.value),
                                  shown(other.value), commas ? '.' : ','));
    }
    if (commas) points_.values = std::move(commas_.values);
  }
  if (commas || !commas_.is_open || differ_) marks.decimal = commas ? ',' : '.';
  if (has_thousands_) marks.thousands = commas ? "." : ",";
  if (commas && has_thousands_) {
    notes.emplace_back("numbers have decimal commas, and points between thousands");
  } else if (commas) {
    notes.emplace_back("numbers have decimal commas");
  } else if (has_thousands_) {
    notes.emplace_back("numbers have commas between thousands");
  }
  return std::move(points_.values);
}

}  // namespace chronicler::data
