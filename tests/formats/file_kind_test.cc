#include "formats/file_kind.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "formats/archive.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using namespace std::string_literals;

TEST(FileKind, NamesWhatIsNoModel) {
  struct Case {
    std::string bytes;
    std::string words;
  };
  const std::vector<Case> cases{
      {"", "it is empty"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"},
      {"\x80\x04\x95\x10\0\0\0"s, "a Python pickle"},
      {"\x1c\0\0\0TFL3\0\0"s, "a TensorFlow Lite model"},
      {"\x08\x07\x12\x07pytorch"s, "an ONNX model"},
      {"\x1f\x8b\x08\0"s, "packed by gzip"},
      {"\n<!DOCTYPE html>\n<html>", "a web page (HTML)"},
      {"<html><body>404", "a web page (HTML)"},
      {"{\"class_name\": \"Sequential\", \"config\": []}", "the architecture of a model"},
      {"\x93NUMPY\x01\0"s, "a NumPy array"},
      {"RIFF....WAVE", "a recording"},
      {"time,value\n1,2\n", "it is text"},
      {"\x01\x02\x03\x04\0\0\0\0\x05"s, "of no kind that is known"},
  };
  const test::TemporaryFolder folder;
  for (const Case& one : cases) {
    const std::string path = folder.path("model.keras");
    std::ofstream(path, std::ios::binary) << one.bytes;
    const std::string message = test::error_of([&] { load_model(path); });
    EXPECT_NE(message.find(one.words), std::string::npos) << message;
  }
}

TEST(FileKind, NamesOtherArchives) {
  if (!archives_are_available()) return;
  const test::TemporaryFolder folder;
  const auto message_of = [&](const std::string& member) {
    const std::string path = folder.path("model.keras");
    std::ofstream(path, std::ios::binary) << write_archive({{member, "bytes"}});
    return test::error_of([&] { load_model(path); });
  };
  EXPECT_NE(message_of("archive/data.pkl").find("a pickle of PyTorch"), std::string::npos);
  EXPECT_NE(message_of("m/saved_model.pb").find("SavedModel"), std::string::npos);
  EXPECT_NE(message_of("a.npy").find("NumPy arrays (.npz)"), std::string::npos);
  EXPECT_NE(message_of("model.h5").find("a zip archive with a model inside"), std::string::npos);
  EXPECT_NE(message_of("else").find("has no \"config.json\""), std::string::npos);
}

TEST(FileKind, NamesFolders) {
  const test::TemporaryFolder folder;
  const auto message = [&] { return test::error_of([&] { load_model(folder.path("")); }); };
  EXPECT_NE(message().find("it is a folder"), std::string::npos);
  std::ofstream(folder.path("saved_model.pb")) << "x";
  EXPECT_NE(message().find("a SavedModel folder of TensorFlow"), std::string::npos);
}

}  // namespace
}  // namespace chronicler
