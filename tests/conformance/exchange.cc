#include "conformance/exchange.h"

#include <cctype>
#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/safetensors/safetensors.h"
#include "support/conformance.h"

namespace chronicler::test {

std::string read_bytes(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw Error("cannot write " + path.string());
}

const std::vector<Tensor>& Exchange::list(const std::string& name) const {
  static const std::vector<Tensor> none;
  const auto found = lists.find(name);
  return found == lists.end() ? none : found->second;
}

Exchange read_exchange(const std::filesystem::path& path) {
  Safetensors content = read_safetensors(read_bytes(path));
  Exchange exchange{{}, std::move(content.metadata)};
  for (NamedTensor& tensor : content.tensors) {
    std::size_t digits = tensor.name.size();
    while (digits > 0 && std::isdigit(static_cast<unsigned char>(tensor.name[digits - 1])) != 0) {
      --digits;
    }
    std::vector<Tensor>& list = exchange.lists[tensor.name.substr(0, digits)];
    const std::size_t index = std::stoul(tensor.name.substr(digits));
    if (list.size() <= index) list.resize(index + 1);
    list[index] = std::move(tensor.value);
  }
  return exchange;
}

void write_exchange(const std::filesystem::path& path, const Exchange& exchange) {
  Safetensors content{exchange.metadata, {}};
  for (const auto& [name, list] : exchange.lists) {
    for (std::size_t i = 0; i < list.size(); ++i)
      content.tensors.push_back({fmt::format("{}{}", name, i), list[i]});
  }
  sort_for_file(content.tensors);
  write_bytes(path, write_safetensors(content));
}

bool agree(double got, double expected, Tolerance tolerance) {
  if (std::isnan(expected)) return std::isnan(got);
  if (std::isinf(expected)) return got == expected;
  return std::abs(got - expected) <= tolerance.absolute + tolerance.relative * std::abs(expected);
}

std::string difference(const std::string& what, const std::vector<Tensor>& got,
                       const std::vector<Tensor>& expected, Tolerance tolerance) {
  if (got.size() != expected.size()) {
    return fmt::format("{}: {} outputs, Keras has {}", what, got.size(), expected.size());
  }
  for (std::size_t k = 0; k < got.size(); ++k) {
    if (!(got[k].shape() == expected[k].shape())) {
      return fmt::format("{}: output {} has shape {}, in Keras {}", what, k,
                         got[k].shape().to_string(), expected[k].shape().to_string());
    }
    const std::vector<double> a = numbers(got[k]);
    const std::vector<double> b = numbers(expected[k]);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (agree(a[i], b[i], tolerance)) continue;
      return fmt::format("{}: element {} of output {} is {}, Keras has {}", what, i, k, a[i], b[i]);
    }
  }
  return {};
}

}  // namespace chronicler::test
