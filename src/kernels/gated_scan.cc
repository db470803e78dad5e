#include "kernels/gated_scan.h"

#include "kernels/reference/gated_scan.h"

namespace chronicler::kernels {

template <>
void gated_forward<double>(const GatedScan<double>& run, Range units) {
  reference::with_cell(run.cell, [&](auto cell) { reference::gated_forward<cell>(run, units); });
}
template <>
void gated_backward<double>(const GatedScan<double>& run, const GatedGradient<double>& gradient,
                            Range units) {
  reference::with_cell(run.cell,
                       [&](auto cell) { reference::gated_backward<cell>(run, gradient, units); });
}
template <>
void complex_forward<double>(const ComplexScan<double>& run, Range units) {
  reference::complex_forward(run, units);
}
template <>
void complex_backward<double>(const ComplexScan<double>& run,
                              const ComplexGradient<double>& gradient, Range units) {
  reference::complex_backward(run, gradient, units);
}

}  // namespace chronicler::kernels
