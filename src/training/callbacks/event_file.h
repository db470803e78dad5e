// The files that TensorBoard reads: records of protocol buffers, each with two checksums.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler {

// One record: its length, that length's checksum, the bytes, and their checksum.
std::string event_record(std::string_view bytes);

// The first event of a file, and one that holds named numbers of a step.
std::string version_event(double seconds);
struct Scalar {
  std::string tag;
  double value;
};
std::string scalars_event(double seconds, std::int64_t step, const std::vector<Scalar>& scalars);

}  // namespace chronicler
