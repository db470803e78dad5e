// The column of a file that holds the time, or the columns: found, and read row by row before it is
// known whether its days or its months come first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/data/csv_rows.h"
#include "chronicler/data/timestamp.h"

namespace chronicler::data {

class TimeColumn {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  // `given`: the one order that there may be; `usual`: of those that the cells leave open.
  TimeColumn(const CsvRows& file, const std::vector<std::string>& names,
             std::optional<DateOrder> given, std::optional<DateOrder> usual);
  // Learns from the first rows what is not given: a column of dates, found by itself: the first
  // whose cells all are dates that differ. Else the first with the name of one and dates in most
  // cells: the reader then says which is none. Else one whose dates repeat, with the column of the
  // time of day if there is one. Else columns called year, month and so on.
  void look_at(const CsvRows& file, const Rows& rows, const std::vector<std::size_t>& taken);

  explicit operator bool() const { return !places_.empty(); }
  const std::vector<std::size_t>& places() const { return places_; }
  // For messages, and with a backslash before a comma that belongs to a name.
  const std::string& name() const { return name_; }
  const std::string& escaped_name() const { return escaped_name_; }
  const TimestampStyle& style() const { return style_; }
  bool has_fractions() const { return has_fractions_; }  // of seconds, which are cut off

  // Throws Error for a cell that is no date in any order that the rows before it have left.
  void read(const CsvRows& file);
  void forget_first(std::size_t count);
  // There is no time then.
  void forget() {
    places_.clear();
    parts_.clear();
    name_.clear();
    escaped_name_.clear();
    all_units_ = false;
  }

  struct Times {
    std::vector<std::int64_t> clocks;
    std::vector<std::int32_t> offsets;  // of each; empty if the file has none
    std::optional<DateOrder> order;     // empty: it does not matter
  };
  // All that was read, in the order that fits all cells; of several that do, the one whose rows
  // follow one another, the usual one, or the one that leaves few places empty. Throws Error, with
  // the readings of a cell, if that leaves more than one.
  Times finish(const CsvRows& file);

 private:
  struct Reading {
    DateOrder order;
    std::vector<std::int64_t> clocks;
  };
  struct Cell {
    std::string text;
    std::int64_t line = 0;
  };

  void take(std::size_t place, const CsvRows& file);
  void look_for(const CsvRows& file, const Rows& rows, const std::vector<std::size_t>& taken);
  void look_for_units(const CsvRows& file, const std::vector<std::size_t>& taken);
  std::string text_of(const CsvRows& file) const;
  std::optional<Timestamp> read_as(const CsvRows& file, DateOrder order);
  std::optional<Timestamp> joined_units(const CsvRows& file) const;
  void note_offset(const Timestamp& time, const CsvRows& file);
  [[noreturn]] void refuse(const CsvRows& file) const;
  [[noreturn]] void refuse_open(const CsvRows& file, const std::vector<Reading>& open) const;

  std::vector<std::size_t> places_;
  std::vector<std::string> parts_;  // names of the columns, in small letters
  std::string name_;
  std::string escaped_name_;
  bool all_units_ = false;          // columns called year, month, day, ...
  bool has_glued_minutes_ = false;  // the column of the time of day: 30, 100, 2330
  bool is_given_ = false;
  std::optional<DateOrder> usual_;
  TimestampStyle style_;
  bool has_style_ = false;
  bool has_fractions_ = false;

  std::vector<Reading> readings_;  // one for all orders until a cell needs one
  bool is_forked_ = false;
  std::array<Cell, 3> ended_;  // the cell that an order could not read
  Cell example_;               // that orders read differently
  bool all_points_ = true;     // between the numbers of such cells
  std::vector<std::int32_t> offsets_;
};

}  // namespace chronicler::data
