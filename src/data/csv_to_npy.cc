#include "chronicler/data/csv_to_npy.h"

#include <cstddef>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/mapped_npy.h"
#include "chronicler/data/csv_rows.h"
#include "data/number_reader.h"

namespace chronicler::data {
namespace {

void store(const Tensor& rows, std::int64_t place, double value) {
  if (rows.dtype() == DType::float32) rows.as<float>()[place] = static_cast<float>(value);
  if (rows.dtype() == DType::float64) rows.as<double>()[place] = value;
  if (rows.dtype() == DType::int32)
    rows.as<std::int32_t>()[place] = static_cast<std::int32_t>(value);
}

void check(const CsvToNpyOptions& options) {
  if (options.dtype == DType::boolean || options.dtype == DType::text) {
    throw Error(fmt::format("columns cannot be converted to {}", name_of(options.dtype)),
                "ask for float32, float64 or int32");
  }
  if (options.dtype == DType::int32 && options.missing == Missing::nan) {
    throw Error("int32 has no NaN for missing cells",
                "ask for float32, or refuse missing cells: Missing::error");
  }
}

}  // namespace

std::int64_t csv_to_npy(const std::filesystem::path& csv, const std::string& npy,
                        const CsvToNpyOptions& options) {
  check(options);
  CsvRowsOptions reading;
  reading.header = options.header;
  reading.decimal = options.decimal;
  CsvRows file(csv, reading);
  const std::vector<std::string>& columns =
      options.columns.empty() ? file.columns() : options.columns;
  std::vector<std::size_t> places;
  for (const std::string& column : columns) places.push_back(file.find(column));
  CsvOptions cells;
  cells.delimiter = file.delimiter();
  cells.decimal = options.decimal;
  cells.missing = options.missing;
  const NumberReader reader(file.name(), cells, options.dtype);
  constexpr std::int64_t chunk = 4096;  // rows
  const auto width = static_cast<std::int64_t>(places.size());
  const Tensor rows({chunk, width}, options.dtype);
  NpyRows output(npy, {width}, options.dtype);
  std::int64_t held = 0;
  while (file.next()) {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::size_t place = places[static_cast<std::size_t>(i)];
      store(rows, held * width + i,
            reader.read(file.cells()[place], file.line(), file.columns()[place]));
    }
    if (++held < chunk) continue;
    output.append(rows);
    held = 0;
  }
  output.append(rows.rows(0, held));
  const std::int64_t count = output.size();
  if (count == 0) {
    throw Error(fmt::format("{} has no rows below its header", file.name()),
                "give a file with a row for each step");
  }
  output.finish(options.as_sequence);
  return count;
}

}  // namespace chronicler::data
