#include "cli/arrays.h"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/mapped_npy.h"
#include "chronicler/base/texts.h"
#include "chronicler/data/text_file.h"
#include "chronicler/formats/npy.h"

namespace chronicler::cli {

namespace {

// What cannot be mapped is read, with its own errors; so are float64 numbers, which most models
// convert, unless there are too many.
Tensor map_or_load(const std::string& path) {
  constexpr std::size_t most_to_convert = std::size_t{4} << 30U;
  std::optional<Tensor> mapped;
  try {
    mapped = map_npy(path);
  } catch (const Error&) {
    return load_npy(path);
  }
  if (mapped->dtype() == DType::float64 && mapped->bytes() < most_to_convert) return load_npy(path);
  return *mapped;
}

}  // namespace

Tensor read_array(const std::string& path) {
  if (path != "-") return map_or_load(path);
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
