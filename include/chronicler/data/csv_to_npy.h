// A CSV file of any size, turned once into a .npy file that can be mapped (base/mapped_npy.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/data/csv.h"

namespace chronicler::data {

struct CsvToNpyOptions {
  std::vector<std::string> columns = {};  // in this order; empty: all of them
  Missing missing = Missing::error;
  DType dtype = DType::float32;  // or float64, int32
  char decimal = '.';
  bool header = true;
  bool as_sequence = false;  // (1, rows, columns), the steps of one sequence, not (rows, columns)
};

// Writes the rows as they are read, in memory that does not grow with them; the file is whole or
// absent. Returns how many rows it has. Throws Error as CsvRows and Table::numbers do, with file,
// line and column, and if there are no rows.
std::int64_t csv_to_npy(const std::filesystem::path& csv, const std::string& npy,
                        const CsvToNpyOptions& options = {});

}  // namespace chronicler::data
