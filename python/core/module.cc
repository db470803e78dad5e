// chronicler._core: what the Python package is made from.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/seed_scope.h"
#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/version.h"
#include "cli/data_files.h"
#include "cli/program.h"
#include "interpreter_lock.h"
#include "output.h"

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
  const chronicler::python::Unlocked unlocked;
  return chronicler::cli::run_program(static_cast<int>(arguments.size()), pointers.data());
}

// An Error of C++ is a ValueError with its sentence; its hint is on a line of its own.
void translate(const std::exception_ptr& pointer, void* /*payload*/) {
  try {
    std::rethrow_exception(pointer);
  } catch (const chronicler::Error& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  }
}

// with SeedScope(seed): what this thread makes is the same, whatever other threads draw meanwhile.
class ScopeOfSeeds {
 public:
  explicit ScopeOfSeeds(std::uint64_t seed) : seed_(seed) {}
  void enter() { scope_.emplace(seed_); }
  void exit() { scope_.reset(); }

 private:
  std::uint64_t seed_;
  std::optional<chronicler::SeedScope> scope_;
};

void bind_seed_scope(nb::module_& m) {
  nb::class_<ScopeOfSeeds>(m, "SeedScope")
      .def(nb::init<std::uint64_t>())
      .def("__enter__", &ScopeOfSeeds::enter)
      .def("__exit__", [](ScopeOfSeeds& scope, const nb::args&) { scope.exit(); });
}

}  // namespace

NB_MODULE(_core, m) {
  // What is alive when the program ends, in the globals of a script, is no leak; tests count.
  nb::set_leak_warnings(false);
  nb::register_exception_translator(translate);
  chronicler::python::bind_catalog(m);
  chronicler::python::bind_layers(m);
  chronicler::python::bind_adapting(m);
  chronicler::python::bind_products(m);
  chronicler::python::bind_training(m);
  chronicler::python::bind_models(m);
  chronicler::python::bind_model_makers(m);
  chronicler::python::bind_streams(m);
  chronicler::python::bind_forecast_task(m);
  chronicler::python::bind_text_tasks(m);
  chronicler::python::bind_speech_task(m);
  chronicler::python::bind_insight(m);
  chronicler::python::bind_timing(m);
  chronicler::python::bind_mapped_files(m);
  m.def("set_output", &chronicler::python::set_output, nb::arg("write").none(),
        nb::arg("is_notebook"));
  m.def("set_seed", &chronicler::set_random_seed);
  m.def("next_seed", &chronicler::next_seed);
  bind_seed_scope(m);
  m.def("set_threads", &chronicler::set_threads);
  m.def("threads", [] { return chronicler::Runtime::global().threads(); });
  m.attr("version") = CHRONICLER_VERSION;
  m.def(
      "run_command", &run_command, nb::arg("arguments"),
      "Run the command chronicler with these arguments (its name first); return its exit status.");
}
