#include "training/callbacks/event_file.h"

#include <bit>
#include <cstring>

#include "base/crc32c.h"

namespace chronicler {
namespace {

// ---- protocol buffers: a key for the field and its type, then the value

constexpr unsigned whole_type = 0;
constexpr unsigned double_type = 1;
constexpr unsigned bytes_type = 2;
constexpr unsigned float_type = 5;

void append_whole(std::string& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>((value & 0x7FU) | 0x80U);
  out += static_cast<char>(value);
}

void append_key(std::string& out, unsigned field, unsigned type) {
  append_whole(out, field << 3U | type);
}

template <class Number>
void append_raw(std::string& out, Number number) {
  static_assert(std::endian::native == std::endian::little);
  char raw[sizeof(Number)];
  std::memcpy(raw, &number, sizeof(Number));
  out.append(raw, sizeof(Number));
}

void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  append_key(out, field, bytes_type);
  append_whole(out, bytes.size());
  out += bytes;
}

// Event: wall_time = 1, step = 2, file_version = 3, summary = 5. Summary: value = 1. Value: tag =
// 1, simple_value = 2.
std::string event(double seconds) {
  std::string out;
  append_key(out, 1, double_type);
  append_raw(out, seconds);
  return out;
}

std::string value_of(const Scalar& scalar) {
  std::string out;
  append_bytes(out, 1, scalar.tag);
  append_key(out, 2, float_type);
  append_raw(out, static_cast<float>(scalar.value));
  return out;
}

// A checksum in which a checksum among the bytes does no harm.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U; }

}  // namespace

std::string event_record(std::string_view bytes) {
  std::string record;
  append_raw(record, static_cast<std::uint64_t>(bytes.size()));
  append_raw(record, masked(crc32c(record)));
  record += bytes;
  append_raw(record, masked(crc32c(bytes)));
  return record;
}

std::string version_event(double seconds) {
  std::string out = event(seconds);
  append_bytes(out, 3, "brain.Event:2");
  return out;
}

std::string scalars_event(double seconds, std::int64_t step, const std::vector<Scalar>& scalars) {
  std::string out = event(seconds);
  append_key(out, 2, whole_type);
  append_whole(out, static_cast<std::uint64_t>(step));
  std::string summary;
  for (const Scalar& scalar : scalars) append_bytes(summary, 1, value_of(scalar));
  append_bytes(out, 5, summary);
  return out;
}

}  // namespace chronicler
