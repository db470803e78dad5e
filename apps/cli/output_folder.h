// A folder to write results into.
#pragma once

#include <filesystem>

namespace chronicler::cli {

// Makes the folder, with those above it, and checks that files can be made in it; throws Error
// naming it and the system's reason. So a long run does not end with nowhere to put its results. A
// folder that it made and that stays empty goes away again.
class OutputFolder {
 public:
  explicit OutputFolder(std::filesystem::path path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
  bool made_ = false;
};

}  // namespace chronicler::cli
