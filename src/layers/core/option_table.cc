#include "layers/core/option_table.h"

#include <fmt/format.h>

#include "base/wanted_text.h"
#include "chronicler/base/error.h"

namespace chronicler {

void refuse_option(const std::string& layer, const FieldInfo& field, const std::string& value) {
  if (field.range.words.empty()) {
    throw Error(fmt::format("{}: {} must be {}, got {}", layer, field.name,
                            wanted_text(field.range, value), value));
  }
  try {
    unknown_name(field.name, value, field.range.words);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", layer, error.message()), error.hint());
  }
}

}  // namespace chronicler
