#include "support/damaged_files.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formats/bytes.h"
#include "support/conformance.h"

namespace chronicler::test {

void write_bytes(const std::string& path, const std::string& bytes) {
  // A new file: what takes the place of another's contents is synced by some systems, which is
  // slow.
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

void for_each_damage(const std::string& path, std::size_t step,
                     const std::function<void(const std::string& what)>& look) {
  const std::string whole = read_file(path);
  for (std::size_t at = 0; at < whole.size(); at += step) {
    std::string bytes = whole;
    const std::size_t bit = at / step % 8;
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << bit));
    write_bytes(path, bytes);
    look(fmt::format("bit {} of byte {} of {}", bit, at, whole.size()));
    write_bytes(path, whole.substr(0, at));
    look(fmt::format("{} bytes of {}", at, whole.size()));
  }
  write_bytes(path, whole + std::string(1, '\0'));
  look("a byte more");
  write_bytes(path, whole);
}

void expect_refused_where_damaged(const std::string& path, std::size_t step,
                                  const std::function<void()>& read) {
  for_each_damage(path, step, [&](const std::string& what) {
    const std::string error = error_of(read);
    EXPECT_NE(error.find(path), std::string::npos) << what << ": " << error;
  });
  EXPECT_NO_THROW(read());
}

}  // namespace chronicler::test
