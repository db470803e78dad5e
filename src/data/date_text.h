// The date at the beginning of a text, in the many ways that dates are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/data/timestamp.h"

namespace chronicler::data {

// Days since 1970; empty for a day that does not exist.
std::optional<std::int64_t> day_number(std::int64_t year, std::int64_t month, std::int64_t day);
// The Monday of an ISO week, or a later day of it; empty for a week that the year does not have.
std::optional<std::int64_t> week_day_number(std::int64_t year, std::int64_t week,
                                            std::int64_t day = 1);

// Reads a text from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool at_end() const { return at_ == text_.size(); }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = at; }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  // Either case of an ASCII letter.
  bool take_letter(char small) { return take(small) || take(static_cast<char>(small - 'a' + 'A')); }
  bool take_spaces() {
    const std::size_t begin = at_;
    while (take(' ')) {
    }
    return at_ > begin;
  }
  bool is_digit(std::size_t ahead = 0) const { return peek(ahead) >= '0' && peek(ahead) <= '9'; }
  // Digits, from `low` to `high` of them.
  std::optional<std::int64_t> digits(std::size_t low, std::size_t high);
  std::size_t count() const { return count_; }  // of the last digits()
  // Letters, in small ones: ASCII and what UTF-8 writes with more bytes. Does not go on.
  std::string_view word() const;

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

struct DateText {
  std::int64_t day = 0;   // since 1970
  bool by_order = false;  // see Timestamp
  bool has_day = true;    // else a month, quarter or week: no time of day follows
  std::string pattern;    // see TimestampStyle; empty for a date
};
// The scanner stands behind the date then. Empty if there is none.
std::optional<DateText> scan_date(Scanner& scanner, std::string_view text,
                                  std::optional<DateOrder> order);

}  // namespace chronicler::data
