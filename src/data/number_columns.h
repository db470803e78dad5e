// Columns of numbers, read row by row before it is known what their points and commas mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/data/csv.h"
#include "chronicler/data/csv_rows.h"

namespace chronicler::data {

class NumberColumns {
 public:
  struct Marks {
    char decimal = '\0';    // '.' or ','; '\0': as the cells have it
    std::string thousands;  // a mark, "none", or empty: as the cells have it
  };

  // `given`: what the caller knows; `usual`: of what the cells leave open.
  NumberColumns(const CsvRows& file, std::vector<std::size_t> places, const Marks& given,
                const Marks& usual);
  // The first rows of the file, whose other columns show, too, what marks decimals; so do dates
  // written 31.3.2024, as they are where points mark thousands.
  void learn_from(const CsvRows& file, const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::size_t>& dates);

  // Throws Error for a cell that is no number in any way that the cells before it have left.
  void read(const CsvRows& file);
  void forget_first(std::size_t rows);
  std::int64_t missing_cells() const { return missing_cells_; }

  // (rows, columns), NaN where there is no number. Throws Error, with the readings of a cell, if it
  // stays open what points or commas mean. `marks` becomes what was found, as far as it matters.
  std::vector<double> finish(const CsvRows& file, Marks& marks, std::vector<std::string>& notes);

 private:
  struct Cell {
    std::string text;
    std::string column;
    std::int64_t line = 0;
  };
  // Numbers with one mark of decimals.
  struct Way {
    CsvOptions options;
    bool is_open = true;
    std::vector<double> values;  // kept of the comma's way once it differs
    Cell ended;                  // the cell that closed it
  };

  // Of each column: what its cells look like.
  struct Looks {
    bool has_points = false;  // among the cells that both ways read, differently
    bool has_commas = false;
    std::int64_t short_cells = 0;  // whole numbers of at most three digits, without a mark
    std::int64_t long_cells = 0;   // of more
  };

  void read_cell(const CsvRows& file, std::size_t column, Looks& looks);
  void close(Way& way, const CsvRows& file, std::size_t column);
  bool prefers_commas(const CsvRows& file) const;
  [[noreturn]] void refuse(const CsvRows& file, std::size_t column, std::string problem) const;
  [[noreturn]] void refuse_open(const CsvRows& file) const;

  std::vector<std::size_t> places_;
  Way points_;
  Way commas_;
  bool is_told_ = false;
  bool may_be_commas_ = true;  // decimal commas are read without being asked for
  bool differ_ = false;        // the two ways gave different numbers, and both are open
  char usual_ = '\0';
  std::int64_t missing_cells_ = 0;

  Cell example_;  // that both ways read, differently
  std::vector<Looks> looks_;
  Looks open_looks() const;         // of the columns with cells that both ways read, differently
  bool has_thousands_ = false;      // a cell with marks between thousands
  std::int64_t others_points_ = 0;  // cells of other columns that are numbers one way alone
  std::int64_t others_commas_ = 0;
  bool has_point_dates_ = false;
};

}  // namespace chronicler::data
