// Who may include what: ARCHITECTURE.md draws the levels, this holds them.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "structure/project_files.h"

namespace chronicler::structure {
namespace {

using Names = std::set<std::string>;

// A level, and the levels below it that it may include. Its own is always allowed.
const std::map<std::string, Names>& levels() {
  static const std::map<std::string, Names> map{
      {"base", {}},
      {"kernels", {"base"}},
      {"layers", {"base", "kernels"}},
      {"model", {"base", "kernels", "layers"}},
      {"training", {"base", "kernels", "layers", "model"}},
      {"formats", {"base", "kernels", "layers", "model"}},
      {"data", {"base"}},
      {"decoding", {"base", "kernels"}},
      {"insight",
       {"base", "kernels", "layers", "model", "training", "formats", "data", "decoding"}},
      {"tasks", {"base", "kernels", "layers", "model", "training", "formats", "data", "decoding"}},
  };
  return map;
}

// A room of a level, and the rooms beside it that it may include. Files that lie in the level's own
// folder may be included by all its rooms, and include what they need.
const std::map<std::string, Names>& rooms() {
  static const std::map<std::string, Names> map{
      {"layers/core", {}},
      {"layers/options", {"layers/core"}},
      {"layers/convolution", {"layers/core"}},
      {"layers/elementwise", {"layers/core", "layers/convolution"}},
      {"layers/operations", {"layers/core"}},
      {"layers/attention", {"layers/core", "layers/convolution"}},
      {"layers/recurrent", {"layers/core", "layers/convolution", "layers/elementwise"}},
      {"layers/scan", {"layers/core", "layers/convolution"}},
      {"layers/xlstm", {"layers/core", "layers/convolution", "layers/recurrent", "layers/scan"}},
      {"layers/formula", {"layers/core", "layers/recurrent"}},
      {"training/dataset", {}},
      {"training/losses", {}},
      {"training/metrics", {"training/losses"}},
      {"training/optimizers", {}},
      {"training/callbacks", {"training/metrics"}},
      {"training/online", {"training/callbacks", "training/dataset", "training/optimizers"}},
      {"formats/hdf5", {}},
      {"formats/old_keras", {}},
      {"formats/torch", {}},
      {"formats/keras", {"formats/hdf5", "formats/old_keras"}},
      {"formats/safetensors", {"formats/keras", "formats/torch"}},
      {"tasks/shared", {}},
      {"tasks/forecast", {"tasks/shared"}},
      {"tasks/sentiment", {"tasks/shared"}},
      {"tasks/generate", {"tasks/shared"}},
      {"tasks/translate", {"tasks/shared"}},
      {"tasks/transcribe", {"tasks/shared"}},
  };
  return map;
}

// Libraries from outside that belong to one place. The key is what an include of theirs begins
// with.
const std::map<std::string, std::vector<std::string>>& homes_of_libraries() {
  static const std::map<std::string, std::vector<std::string>> map{
      {"hwy/", {"src/kernels/", "tests/kernels/"}},
      {"CLI/", {"apps/"}},
      {"zip.h", {"src/formats/"}},
      {"zlib.h", {"src/formats/"}},
      {"gtest/", {"tests/"}},
      {"gmock/", {"tests/"}},
      {"rapidcheck", {"tests/"}},
      {"nanobind/", {"python/"}},
      {"nlohmann/", {"src/", "apps/", "python/", "tests/"}},
      {"fmt/", {"src/", "apps/", "python/", "tests/"}},
  };
  return map;
}

std::string path_of_include(const std::string& name) {
  return name.starts_with("chronicler/") ? "include/" + name : "src/" + name;
}

// The level that an include written in the library belongs to; "" if it is not one of ours.
std::string level_of_include(const std::string& name) {
  const std::string level = level_of(path_of_include(name));
  return levels().contains(level) ? level : "";
}

// "training/losses" of "src/training/losses/huber.cc"; "" of a file that is in no room. A public
// header belongs to the room that holds its source.
std::string room_of(const std::string& path) {
  const std::string level = level_of(path);
  if (path.starts_with("include/")) {
    for (const auto& [room, others] : rooms()) {
      if (room.starts_with(level + "/") && is_file("src/" + room + "/" + stem_of(path) + ".cc")) {
        return room;
      }
    }
    return "";
  }
  const std::string inside = path.substr(std::string("src/").size());
  const std::string folder = inside.substr(0, inside.rfind('/'));
  return folder == level ? "" : folder;
}

std::vector<std::string> library_files() {
  std::vector<std::string> files = files_in("include/", {".h"});
  const std::vector<std::string> sources = files_in("src/", {".h", ".cc"});
  files.insert(files.end(), sources.begin(), sources.end());
  return files;
}

TEST(Levels, EveryFileOfTheLibraryIsInALevel) {
  std::vector<std::string> findings;
  for (const std::string& path : library_files()) {
    if (path == "include/chronicler/chronicler.h") continue;
    if (!levels().contains(level_of(path))) findings.push_back(path);
  }
  expect_none(findings,
              "Move the file into the folder of its level, or add the level to levels().");
}

TEST(Levels, IncludesPointDownOrSideways) {
  std::vector<std::string> findings;
  for (const std::string& path : library_files()) {
    const std::string level = level_of(path);
    if (!levels().contains(level)) continue;
    for (const Include& include : includes_of(path)) {
      const std::string included = level_of_include(include.name);
      if (included.empty() || included == level || levels().at(level).contains(included)) continue;
      findings.push_back(place(path, include.line) + ": " + level + "/ includes \"" + include.name +
                         "\" of " + included + "/");
    }
  }
  expect_none(findings,
              "A level sees only those below it. Move what is needed down, or hand it in as an "
              "argument or a callback.");
}

TEST(Levels, RoomsIncludeOnlyTheRoomsBelowThem) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("src/", {".h", ".cc"})) {
    const std::string room = room_of(path);
    if (!rooms().contains(room)) continue;
    for (const Include& include : includes_of(path)) {
      const std::string included = room_of(path_of_include(include.name));
      if (level_of_include(include.name) != level_of(path) || included.empty()) continue;
      if (included == room || rooms().at(room).contains(included)) continue;
      findings.push_back(place(path, include.line) + ": " + room + "/ includes \"" + include.name +
                         "\" of " + included + "/");
    }
  }
  expect_none(findings,
              "The five tasks know nothing of one another, nor do losses and optimizers: what two "
              "rooms need goes into one below both (tasks/shared, layers/core).");
}

TEST(Levels, EveryRoomIsListed) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("src/", {".h", ".cc"})) {
    static const Names with_rooms{"layers", "training", "formats", "tasks"};
    const std::string room = room_of(path);
    if (with_rooms.contains(level_of(path)) && !room.empty() && !rooms().contains(room)) {
      findings.push_back(path);
    }
  }
  expect_none(findings, "Add the folder to rooms(), with the rooms that it may include.");
}

// The room of a file, or its stem where it lies in the level's own folder: fit.h and fit.cc are
// one.
std::string room_or_stem_of(const std::string& path) {
  const std::string room = room_of(path);
  return room.empty() ? level_of(path) + "/" + stem_of(path) : room;
}

// A level is read from below: what a room or a file beside the rooms includes never leads back.
TEST(Levels, NoIncludesGoInCircles) {
  for (const std::string level : {"training", "tasks"}) {
    std::map<std::string, Names> above;  // what each includes of its level
    for (const std::string& path : library_files()) {
      if (level_of(path) != level) continue;
      Names& own = above[room_or_stem_of(path)];
      for (const Include& include : includes_of(path)) {
        if (level_of_include(include.name) != level) continue;
        const std::string included = room_or_stem_of(path_of_include(include.name));
        if (included != room_or_stem_of(path)) own.insert(included);
      }
    }
    // Takes away whoever includes only what was taken away before; a circle is left.
    Names done;
    for (std::size_t before = above.size() + 1; above.size() < before;) {
      before = above.size();
      std::erase_if(above, [&](const auto& each) {
        const auto is_done = [&](const std::string& name) {
          return done.contains(name) || !above.contains(name);
        };
        return std::all_of(each.second.begin(), each.second.end(), is_done) &&
               done.insert(each.first).second;
      });
    }
    std::vector<std::string> findings;
    for (const auto& [name, included] : above) findings.push_back(name);
    expect_none(findings, "Part what both need from one of them, as compile.h from fit.h.");
  }
}

TEST(Levels, TheLibraryDoesNotIncludeItsOwnUmbrella) {
  std::vector<std::string> findings;
  for (const std::string& path : library_files()) {
    for (const Include& include : includes_of(path)) {
      if (include.name == "chronicler/chronicler.h") findings.push_back(place(path, include.line));
    }
  }
  expect_none(findings, "Include the headers that are used; the umbrella is for users.");
}

// What CMake writes includes every header of its folder, or of the folder of its name
// (src/CMakeLists.txt).
std::vector<std::string> public_includes_of(const std::string& path) {
  if (!is_file(path)) {
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    const bool is_of_folder = folder.ends_with("/" + stem_of(path) + "/");
    return files_in(is_of_folder ? folder : path.substr(0, path.rfind('.')) + "/", {".h"});
  }
  std::vector<std::string> paths;
  for (const Include& include : includes_of(path)) {
    if (include.name.starts_with("chronicler/")) paths.push_back("include/" + include.name);
  }
  return paths;
}

TEST(Levels, TheUmbrellaReachesEveryPublicHeader) {
  const std::string umbrella = "include/chronicler/chronicler.h";
  Names reached{umbrella};
  std::vector<std::string> open{umbrella};
  while (!open.empty()) {
    const std::string path = open.back();
    open.pop_back();
    for (const std::string& next : public_includes_of(path)) {
      if (reached.insert(next).second) open.push_back(next);
    }
  }
  std::vector<std::string> findings;
  for (const std::string& path : files_in("include/", {".h"})) {
    if (!reached.contains(path)) findings.push_back(path);
  }
  expect_none(findings, "Add it to " + umbrella + ", or move it to src/ if no user needs it.");
}

TEST(Levels, PublicHeadersIncludeOnlyPublicHeadersAndTheStandardLibrary) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("include/", {".h"})) {
    for (const Include& include : includes_of(path)) {
      const bool ours = include.name.starts_with("chronicler/");
      const bool standard = !include.quoted && include.name.find('/') == std::string::npos;
      if (!ours && !standard) findings.push_back(place(path, include.line) + ": " + include.name);
    }
  }
  expect_none(findings,
              "What a user includes must compile without our dependencies: use it in the .cc, "
              "behind a declaration.");
}

TEST(Levels, ProgramsUseOnlyPublicHeaders) {
  std::vector<std::string> findings;
  for (std::string_view folder : {"apps/", "examples/"}) {
    for (const std::string& path : files_in(folder, {".h", ".cc"})) {
      for (const Include& include : includes_of(path)) {
        if (is_file("src/" + include.name)) {
          findings.push_back(place(path, include.line) + ": \"" + include.name + "\"");
        }
      }
    }
  }
  expect_none(findings,
              "Programs are users of the library: make public in include/chronicler/ what they "
              "need, or do without.");
}

TEST(Levels, OtherLibrariesStayInTheirPlaces) {
  std::vector<std::string> findings;
  for (std::string_view folder : {"include/", "src/", "apps/", "examples/", "tests/"}) {
    for (const std::string& path : files_in(folder, {".h", ".cc"})) {
      for (const Include& include : includes_of(path)) {
        for (const auto& [prefix, homes] : homes_of_libraries()) {
          if (!include.name.starts_with(prefix)) continue;
          if (std::none_of(homes.begin(), homes.end(),
                           [&](const std::string& home) { return path.starts_with(home); })) {
            findings.push_back(place(path, include.line) + ": " + include.name);
          }
        }
      }
    }
  }
  expect_none(findings, "homes_of_libraries() says where each library may be used.");
}

// Code that is compiled once for every instruction set must not hold functions that a linker may
// pick from any of them: an inline member of std::vector, compiled for AVX-512, would crash an
// older processor.
TEST(Levels, FastKernelsUseNoContainers) {
  static const Names containers{"deque",         "forward_list",  "functional", "list",
                                "map",           "memory",        "queue",      "set",
                                "stack",         "string",        "vector",     "iostream",
                                "unordered_map", "unordered_set", "sstream",    "algorithm"};
  std::vector<std::string> findings;
  for (const std::string& path : files_in("src/kernels/simd/", {".h", ".cc"})) {
    for (const Include& include : includes_of(path)) {
      if (containers.contains(include.name)) {
        findings.push_back(place(path, include.line) + ": <" + include.name + ">");
      }
    }
  }
  expect_none(findings,
              "Use pointers and sizes; let the caller hold the memory. A function that needs more "
              "goes into a file of src/kernels/ itself.");
}

}  // namespace
}  // namespace chronicler::structure
