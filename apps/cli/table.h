// Tables in a terminal.
#pragma once

#include <string>

#include "chronicler/insight/report.h"

namespace chronicler::cli {

// A page's table as text: columns side by side, names to the left, numbers to the right.
std::string to_text(const insight::ReportTable& table);

// 1234567 as "1,234,567".
std::string with_commas(std::int64_t number);

}  // namespace chronicler::cli
