// chronicler._core: what the Python package is made from.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "chronicler/version.h"
#include "cli/data_files.h"
#include "cli/program.h"

namespace nb = nanobind;

namespace {

// The program's data: beside the extension in a wheel, in the source where it was built in place.
std::vector<std::filesystem::path> data_folders() {
  const std::string file =
      nb::cast<std::string>(nb::module_::import_("chronicler").attr("__file__"));
  const std::filesystem::path package = std::filesystem::path(file).parent_path();
  return {package / "data", package / "../../examples/data"};
}

// The command `chronicler` with these arguments, the first of which is its name.
int run_command(std::vector<std::string> arguments) {
  chronicler::cli::look_for_data_in(data_folders());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const nb::gil_scoped_release others_may_run;
  return chronicler::cli::run_program(static_cast<int>(arguments.size()), pointers.data());
}

}  // namespace

NB_MODULE(_core, m) {
  m.attr("version") = CHRONICLER_VERSION;
  m.def(
      "run_command", &run_command, nb::arg("arguments"),
      "Run the command chronicler with these arguments (its name first); return its exit status.");
}
