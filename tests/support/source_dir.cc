#include "support/source_dir.h"

namespace chronicler::test {

std::filesystem::path source_dir() { return CHRONICLER_SOURCE_DIR; }

}  // namespace chronicler::test
