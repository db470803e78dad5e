#include "cli/arrays.h"

#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/formats/npy.h"

namespace chronicler::cli {

Tensor read_array(const std::string& path) {
  if (path != "-") return load_npy(path);
  const std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  try {
    return read_npy(bytes);
  } catch (const Error& error) {
    throw Error(fmt::format("cannot read standard input: {}", error.message()), error.hint());
  }
}

void write_array(const std::string& path, const Tensor& array) {
  if (path == "-") {
    std::cout << write_npy(array) << std::flush;
  } else {
    save_npy(path, array);
  }
}

}  // namespace chronicler::cli
