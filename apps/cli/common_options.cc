#include "cli/common_options.h"

#include <charconv>
#include <limits>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "chronicler/base/fields.h"
#include "cli/command.h"

namespace chronicler::cli {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

CLI::Validator one_word(std::initializer_list<std::string_view> words) {
  const auto check = [range = one_of(words)](const std::string& text) -> std::string {
    if (range.holds(std::string_view(text))) return {};
    return fmt::format("needs {}, got \"{}\"", range.text(), text);
  };
  return {check, ""};
}

CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  return CLI::Validator(
      [low, high](const std::string& text) -> std::string {
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [stopped, reason] = std::from_chars(text.data(), end, number);
        if (reason == std::errc() && stopped == end && number >= low && number <= high) return {};
        const std::string range = high == no_limit ? fmt::format("from {} on", low)
                                                   : fmt::format("from {} to {}", low, high);
        return fmt::format("needs a whole number {}, got \"{}\"", range, text);
      },
      "");
}

namespace {

// `fits` is false for what is no number.
template <class Fits>
CLI::Validator number(const std::string& range, const Fits& fits) {
  return CLI::Validator(
      [range, fits](const std::string& text) -> std::string {
        double value = 0.0;
        const char* end = text.data() + text.size();
        const auto [stopped, reason] = std::from_chars(text.data(), end, value);
        if (reason == std::errc() && stopped == end && fits(value)) return {};
        return fmt::format("needs a number {}, got \"{}\"", range, text);
      },
      "");
}

}  // namespace

CLI::Validator number_from(double low, double high) {
  const bool is_open = high == std::numeric_limits<double>::max();
  return number(is_open ? fmt::format("from {} on", low) : fmt::format("from {} to {}", low, high),
                [low, high](double value) { return value >= low && value <= high; });
}

CLI::Validator number_above_0() {
  return number("above 0", [](double value) {
    return value > 0.0 && value <= std::numeric_limits<double>::max();
  });
}

namespace {

// "0" is "0.0".
bool is_same_value(const std::string& a, const std::string& b) {
  double first = 0.0;
  double second = 0.0;
  if (CLI::detail::lexical_cast(a, first) && CLI::detail::lexical_cast(b, second))
    return first == second;
  return a == b;
}

}  // namespace

void refuse_beside(const CLI::App& app, const std::string& option, const std::string& other,
                   const std::string& value) {
  if (app.count(option) == 0 || app.count(other) == 0) return;
  if (!is_same_value(app.get_option(other)->as<std::string>(), value)) return;
  throw UsageError(fmt::format("{} does nothing with {}{}", option,
                               other.starts_with('-') ? other + " " : "", value),
                   "leave it out");
}

void add_seed(CLI::App& app, std::int64_t& seed) {
  app.add_option("--seed", seed, fmt::format("fixes weights, order and noise ({})", seed))
      ->type_name("N")
      ->check(whole_number(0, no_limit));
}

void add_threads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "from 1 to 256 (one for each processor)")
      ->type_name("N")
      ->check(whole_number(1, 256));
}

void need_adapt(CLI::App& app) {
  for (const char* option : {"--learning-rate", "--decay", "--steps"})
    app.get_option(option)->needs("--adapt");
}

}  // namespace chronicler::cli
