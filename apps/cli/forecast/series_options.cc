#include "cli/forecast/series_options.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>

#include "cli/common_options.h"

namespace chronicler::cli::forecast {

void add_series(CLI::App& app, SeriesOptions& options) {
  app.add_option("FILE", options.file, "the series: CSV with a header line; - is standard input")
      ->required();
  app.add_option("--time", options.time,
                 "column of the dates, or several: year,month,day,hour (found by itself)")
      ->type_name("COL,...");
  app.add_option("--delimiter", options.delimiter, "between cells (as the header line has it)")
      ->type_name("C")
      ->check(CLI::IsMember({",", ";", "tab"}));
  app.add_option("--decimal", options.decimal, "what marks decimals (as the numbers have it)")
      ->type_name("C")
      ->check(CLI::IsMember({".", ","}));
  app.add_flag("--no-header", options.no_header, "columns are called column_1, column_2, ...")
      ->disable_flag_override();
  app.add_flag("--sort", options.sort, "put rows that are out of order in order of time")
      ->disable_flag_override();
  app.add_flag("--average-doubles", options.average_doubles,
               "rows of one time become their mean, however many")
      ->disable_flag_override();
  app.add_option("--max-rows", options.max_rows, "of a longer file the last ones (2000000)")
      ->type_name("N")
      ->check(whole_number(100, 1'000'000'000));
}

std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> result;
  std::string name;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == '\\' && i + 1 < names.size() && names[i + 1] == ',') {
      name += names[++i];
    } else if (names[i] == ',') {
      result.push_back(std::exchange(name, {}));
    } else {
      name += names[i];
    }
  }
  if (!name.empty()) result.push_back(name);
  return result;
}

data::TimeSeries read_series(const SeriesOptions& options, std::vector<std::string> columns,
                             const std::string& time_column, bool quiet,
                             const data::RowCalendar& calendar) {
  data::TimeSeriesOptions reading;
  reading.columns = std::move(columns);
  reading.time = split_names(options.time.empty() ? time_column : options.time);
  reading.delimiter = options.delimiter.empty()    ? '\0'
                      : options.delimiter == "tab" ? '\t'
                                                   : options.delimiter.front();
  reading.decimal = options.decimal.empty() ? '\0' : options.decimal.front();
  reading.header = !options.no_header;
  reading.sort = options.sort;
  reading.average_doubles = options.average_doubles;
  reading.max_rows = options.max_rows;
  reading.calendar = calendar;
  data::TimeSeries series = data::read_time_series(options.file, reading);
  if (!quiet) {
    for (const std::string& note : series.notes)
      std::cerr << fmt::format("{}: {}\n", series.source, note);
  }
  return series;
}

}  // namespace chronicler::cli::forecast
