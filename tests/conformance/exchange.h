// What tests and the scripts of tests/golden show one another: arrays in files, and how near two
// numbers have to be (tests/golden/README.md).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::test {

std::string read_bytes(const std::filesystem::path& path);
// Nobody minds if the file is lost.
void write_bytes(const std::filesystem::path& path, const std::string& bytes);

// A safetensors file with lists of arrays, "x0", "x1", ..., and a few texts.
struct Exchange {
  std::map<std::string, std::vector<Tensor>> lists;
  std::map<std::string, std::string> metadata;

  const std::vector<Tensor>& list(const std::string& name) const;  // empty if there is none
};
Exchange read_exchange(const std::filesystem::path& path);
void write_exchange(const std::filesystem::path& path, const Exchange& exchange);

struct Tolerance {
  double absolute;
  double relative;
};
namespace tolerances {
inline constexpr Tolerance predict{1e-5, 1e-4};
inline constexpr Tolerance evaluate{1e-7, 1e-5};
inline constexpr Tolerance history{1e-7, 1e-4};
inline constexpr Tolerance trained{1e-4, 1e-3};
}  // namespace tolerances

bool agree(double got, double expected, Tolerance tolerance);
// The first element that does not agree, as a sentence; empty if all do.
std::string difference(const std::string& what, const std::vector<Tensor>& got,
                       const std::vector<Tensor>& expected, Tolerance tolerance);

}  // namespace chronicler::test
