// Where what C++ prints goes.
#pragma once

#include <nanobind/nanobind.h>

namespace chronicler::python {

namespace nb = nanobind;

// write: called with text in place of standard output; None: standard output again. is_notebook:
// a line can be drawn over, without colours.
void set_output(nb::object write, bool is_notebook);

}  // namespace chronicler::python
