#include "formats/archive.h"

#include <gtest/gtest.h>

#include "formats/bytes.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

std::vector<ArchiveMember> read_all(const std::string& bytes) {
  return read_archive(bytes, [](std::string_view) { return true; });
}

class Archive : public testing::Test {
 protected:
  static void expect_refused(const std::string& bytes, const std::string& reason) {
    const std::string error = error_of([&] { read_all(bytes); });
    EXPECT_NE(error.find(reason), std::string::npos) << error;
  }
  // The name stands twice in an archive: before the member and in the directory.
  static std::string renamed(std::string bytes, const std::string& from, const std::string& to) {
    for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1))
      bytes.replace(at, from.size(), to);
    return bytes;
  }
};

TEST_F(Archive, HoldsWhatWasPutIn) {
  const std::vector<ArchiveMember> members{
      {"config.json", "{}"}, {"empty", ""}, {"folder/file", std::string(100'000, '\7')}};
  const std::string bytes = write_archive(members);
  EXPECT_EQ(bytes, write_archive(members));
  const std::vector<ArchiveMember> read = read_all(bytes);
  ASSERT_EQ(read.size(), members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    EXPECT_EQ(read[i].name, members[i].name);
    EXPECT_EQ(read[i].bytes, members[i].bytes);
  }
  EXPECT_EQ(read_archive(bytes, [](std::string_view name) { return name == "empty"; }).size(), 1U);
}

TEST_F(Archive, RefusesNamesThatLeaveIt) {
  const std::string bytes = write_archive({{"a/b/c/d/e", "x"}});
  for (const char* name : {"../b/c/de", "/a/b/c/de", "a/../../d", "a\\b\\c\\d\\e", "C:/b/c/de"})
    expect_refused(renamed(bytes, "a/b/c/d/e", name), "leaves the archive");
}

TEST_F(Archive, RefusesAMemberThatIsThereTwice) {
  const std::string bytes = write_archive({{"config.json", "a"}, {"cinfig.json", "b"}});
  expect_refused(renamed(bytes, "cinfig", "config"), "two members of one name");
}

// A zip bomb: a member that says that it grows from 70 bytes to a gigabyte.
TEST_F(Archive, RefusesAMemberThatGrowsOutOfProportion) {
  const std::string content(70, 'x');
  std::string bytes = write_archive({{"config.json", content}});
  std::string size;
  append_number(size, std::uint32_t{70});
  std::string claimed;
  append_number(claimed, std::uint32_t{1} << 30U);
  // Where the unpacked size stands: after the packed one, of which there are two.
  for (std::size_t at = bytes.find(size + size); at != std::string::npos;
       at = bytes.find(size + size, at + 1)) {
    bytes.replace(at + size.size(), size.size(), claimed);
  }
  const std::string error = error_of([&] { read_all(bytes); });
  EXPECT_TRUE(error.find("would grow from 70 to 1073741824 bytes") != std::string::npos ||
              error.find("damaged") != std::string::npos)
      << error;
}

TEST_F(Archive, RefusesDamage) {
  const std::string whole = write_archive({{"config.json", "{\"a\": 1}"}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(error_of([&] { read_all(whole.substr(0, size)); }), "no error") << size;
  expect_refused("", "it is not a zip archive");
  expect_refused("\x89HDF\r\n\x1a\n", "it is not a zip archive");
  expect_refused("junk" + whole, "it is not a zip archive");
  expect_refused(renamed(whole, "{\"a\": 1}", "{\"a\": 2}"), "checksum");
}

}  // namespace
}  // namespace chronicler
