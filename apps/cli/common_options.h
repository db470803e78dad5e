// Options that several commands have.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

namespace chronicler::cli {

// Accepts whole numbers from `low` to `high`; refuses all else in a sentence that follows the
// option's name.
CLI::Validator whole_number(std::int64_t low, std::int64_t high);
// The same for one of these words.
CLI::Validator one_word(std::initializer_list<std::string_view> words);
// The same for numbers, with the ends of the range.
CLI::Validator number_from(double low, double high = std::numeric_limits<double>::max());
CLI::Validator number_above_0();

// Throws UsageError if `option` is given, which does nothing where `other` is `value`.
void refuse_beside(const CLI::App& app, const std::string& option, const std::string& other,
                   const std::string& value);

// --seed N, from 0 on. `seed` holds the default.
void add_seed(CLI::App& app, std::int64_t& seed);
// --threads N, from 1 to 256; `threads` stays 0 if it is not given.
void add_threads(CLI::App& app, int& threads);

// The options of how a model adapts while it predicts mean nothing without --adapt.
void need_adapt(CLI::App& app);

}  // namespace chronicler::cli
