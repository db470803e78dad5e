#include "cli/arrays.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/texts.h"
#include "chronicler/data/text_file.h"
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

Tensor read_input(const std::string& path) {
  if (!path.ends_with(".txt")) return read_array(path);
  const std::string text = data::read_text(path);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return text_tensor(lines);
}

void write_array(const std::string& path, const Tensor& array) {
  if (path == "-") {
    std::cout << write_npy(array) << std::flush;
  } else {
    save_npy(path, array);
  }
}

}  // namespace chronicler::cli
