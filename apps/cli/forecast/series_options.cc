#include "cli/forecast/series_options.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/common_options.h"

namespace chronicler::cli::forecast {

void add_series(CLI::App& app, SeriesOptions& options, bool is_required) {
  app.add_option("FILE", options.file,
                 fmt::format("the series: CSV with a header line; - is standard input{}",
                             is_required ? "" : " (the rows that the model knows)"))
      ->required(is_required);
  app.add_option("--time", options.time,
                 "column of the dates, or several: year,month,day,hour; none: rows are only "
                 "numbered (the first column of dates)")
      ->type_name("COL,...");
  const auto flag = [&](const char* name, bool& value, const char* text) {
    return app.add_flag(name, value, text)->disable_flag_override();
  };
  auto* day_first =
      flag("--day-first", options.day_first, "3/4/2024 is in April (as the column shows)");
  auto* month_first = flag("--month-first", options.month_first, "3/4/2024 is in March");
  auto* year_first = flag("--year-first", options.year_first, "3/4/24 is in 2003");
  day_first->excludes(month_first)->excludes(year_first);
  month_first->excludes(year_first);
  app.add_option("--where", options.where,
                 "where a file holds several series: only the rows with this cell, --where shop=A")
      ->type_name("COL=VALUE,...");
  app.add_option("--delimiter", options.delimiter,
                 "character between cells (as in the header line)")
      ->type_name("C")
      ->check(one_word({",", ";", "tab"}));
  app.add_option("--decimal", options.decimal, "decimal mark (as in the numbers)")
      ->type_name("C")
      ->check(one_word({".", ","}));
  app.add_option("--thousands", options.thousands,
                 "thousands separator: , . ' space or none (as in the numbers)")
      ->type_name("C")
      ->check(one_word({",", ".", "'", "space", "none"}));
  app.add_flag("--no-header", options.no_header,
               "the file has no header line; columns are column_1, column_2, ...")
      ->disable_flag_override();
  app.add_flag("--sort", options.sort, "sorts the rows by time")->disable_flag_override();
  app.add_flag("--average-doubles", options.average_doubles,
               "rows of the same time are replaced by their mean")
      ->disable_flag_override();
  app.add_option("--max-rows", options.max_rows,
                 "most rows to read: of a longer file, the last ones (2,000,000)")
      ->type_name("N")
      ->check(whole_number(100, 1'000'000'000));
}

namespace {

std::vector<data::CellEquals> read_where(const std::string& text) {
  std::vector<data::CellEquals> where;
  for (const std::string& one : data::split_names(text)) {
    const std::size_t mark = one.find('=');
    if (mark == std::string::npos || mark == 0) {
      throw UsageError(fmt::format("--where needs COL=VALUE, got \"{}\"", one),
                       "as in --where shop=A");
    }
    where.push_back({one.substr(0, mark), one.substr(mark + 1)});
  }
  return where;
}

}  // namespace

data::TimeSeries read_series(const SeriesOptions& options, data::TimeSeriesOptions reading,
                             bool quiet) {
  if (!options.time.empty()) reading.time = data::split_names(options.time);
  if (options.day_first) reading.dates = data::DateOrder::day_first;
  if (options.month_first) reading.dates = data::DateOrder::month_first;
  if (options.year_first) reading.dates = data::DateOrder::year_first;
  reading.where = read_where(options.where);
  if (options.thousands == "space") {
    reading.thousands = " ";
  } else {
    reading.thousands = options.thousands;
  }
  if (!options.decimal.empty() && options.decimal == options.thousands) {
    throw UsageError(fmt::format("--decimal and --thousands are both \"{}\"", options.decimal),
                     "as in --decimal , --thousands .");
  }
  reading.delimiter = options.delimiter.empty()    ? '\0'
                      : options.delimiter == "tab" ? '\t'
                                                   : options.delimiter.front();
  reading.decimal = options.decimal.empty() ? '\0' : options.decimal.front();
  reading.header = !options.no_header;
  reading.sort = options.sort;
  reading.average_doubles = options.average_doubles;
  reading.max_rows = options.max_rows;
  data::TimeSeries series = data::read_time_series(options.file, reading);
  for (const auto& [is_given, option] :
       {std::pair(options.sort, "--sort"), std::pair(options.average_doubles, "--average-doubles"),
        std::pair(options.day_first, "--day-first"),
        std::pair(options.month_first, "--month-first"),
        std::pair(options.year_first, "--year-first")}) {
    if (is_given && series.times.empty())
      throw UsageError(fmt::format("{}: {} does nothing without dates", series.source, option),
                       "--time names their column");
  }
  if (!quiet) {
    for (const std::string& note : series.notes)
      std::cerr << fmt::format("{}: {}\n", series.source, note);
  }
  return series;
}

}  // namespace chronicler::cli::forecast
