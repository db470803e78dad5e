#include "kernels/scan.h"

#include "kernels/reference/scan.h"

namespace chronicler::kernels {

template <>
void scan_forward<double>(const Scan<double>& run, Range units) {
  reference::scan_forward(run, units);
}
template <>
void scan_backward<double>(const Scan<double>& run, const ScanGradient<double>& gradient,
                           Range units) {
  reference::scan_backward(run, gradient, units);
}
template <>
void scan_forward_in_pieces<double>(const Scan<double>& run) {
  reference::scan_forward(run, {0, run.units});
}
template <>
void scan_backward_in_pieces<double>(const Scan<double>& run,
                                     const ScanGradient<double>& gradient) {
  reference::scan_backward(run, gradient, {0, run.units});
}
template <>
void scan_summary<double>(const Scan<double>& run, double* product, double* end) {
  reference::scan_summary(run, product, end);
}
template <>
void scan_back_summary<double>(const Scan<double>& run, const double* output, double* product,
                               double* start) {
  reference::scan_back_summary(run, output, product, start);
}
}  // namespace chronicler::kernels
