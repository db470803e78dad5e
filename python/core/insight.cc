// Insight: how far back a network learns, charts and pages.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/insight/alignment.h"
#include "chronicler/insight/chart.h"
#include "chronicler/insight/gradient_flow.h"
#include "chronicler/insight/report.h"
#include "chronicler/insight/svg.h"
#include "chronicler/insight/text_plot.h"
#include "convert.h"
#include "loss_handle.h"
#include "model_handle.h"

namespace chronicler::python {
namespace {

using insight::HeatMap;
using insight::LineChart;
using insight::Report;
using Numbers = std::vector<double>;

// (name, x, y, dashed, color), (x, text)
LineChart line_chart(const std::string& title, const std::string& x_label,
                     const std::string& y_label, bool log_y, nb::handle series, nb::handle marks) {
  LineChart chart{title, x_label, y_label, log_y, {}, {}};
  for (const nb::handle each : series) {
    chart.series.push_back({nb::cast<std::string>(each[0]), nb::cast<Numbers>(each[1]),
                            nb::cast<Numbers>(each[2]), nb::cast<bool>(each[3]),
                            nb::cast<int>(each[4])});
  }
  for (const nb::handle each : marks)
    chart.marks.push_back({nb::cast<double>(each[0]), nb::cast<std::string>(each[1])});
  return chart;
}

HeatMap heat_map(const std::string& title, const std::string& x_label, const std::string& y_label,
                 nb::handle values, double column_width) {
  HeatMap map{title, x_label, y_label};
  for (const nb::handle row : values) {
    const auto numbers = nb::cast<Numbers>(row);
    map.columns = static_cast<std::int64_t>(numbers.size());
    map.values.insert(map.values.end(), numbers.begin(), numbers.end());
    ++map.rows;
  }
  map.column_width = column_width;
  return map;
}

nb::list flow_of(const ModelHandle& handle, nb::handle x, nb::handle y, const std::string& output,
                 nb::handle loss) {
  insight::GradientFlowOptions options{.output = output};
  if (nb::isinstance<nb::str>(loss)) options.loss = nb::cast<std::string>(loss);
  if (nb::isinstance<LossHandle>(loss)) options.loss = nb::cast<LossHandle&>(loss).loss;
  const TensorList inputs = to_tensors(x);
  const Tensor targets = to_tensor(y);
  nb::list all;
  for (const insight::GradientFlow& flow : handle.alone(
           [&] { return insight::gradient_flow(*handle.model, inputs, targets, options); }))
    all.append(nb::make_tuple(flow.layer, flow.norm));
  return all;
}

}  // namespace

void bind_insight(nb::module_& module) {
  nb::class_<LineChart>(module, "LineChart")
      .def("svg", [](const LineChart& chart, int width,
                     int height) { return to_svg(chart, {.width = width, .height = height}); })
      .def("text", [](const LineChart& chart, int width, int height, bool color) {
        return to_text(chart, {.width = width, .height = height, .color = color});
      });
  nb::class_<HeatMap>(module, "HeatMap").def("svg", [](const HeatMap& map, int width, int height) {
    return to_svg(map, {.width = width, .height = height});
  });
  module.def("line_chart", &line_chart);
  module.def("heat_map", &heat_map);
  module.def("alignment_svg", [](const std::string& title, const std::vector<std::string>& columns,
                                 const std::vector<std::string>& rows, const Numbers& values) {
    return insight::to_svg(insight::Alignment{title, columns, rows, values});
  });
  nb::class_<Report>(module, "Report")
      .def(nb::init<std::string>())
      .def("heading", [](Report& report, const std::string& text) { report.heading(text); })
      .def("paragraph", [](Report& report, const std::string& text) { report.paragraph(text); })
      .def("verdict", [](Report& report, const std::string& text) { report.verdict(text); })
      .def("preformatted",
           [](Report& report, const std::string& text) { report.preformatted(text); })
      .def("table",
           [](Report& report, const std::string& caption, const std::vector<std::string>& header,
              const std::vector<std::vector<std::string>>& rows) {
             report.table({caption, header, rows});
           })
      .def("chart", [](Report& report, const LineChart& chart) { report.chart(chart); })
      .def("heat_map", [](Report& report, const HeatMap& map) { report.heat_map(map); })
      .def("html", &Report::html)
      .def("write", [](const Report& report, const std::string& path) { report.write(path); });
  module.def("gradient_flow", &flow_of, nb::arg("model"), nb::arg("x"), nb::arg("y"),
             nb::arg("output"), nb::arg("loss").none());
  module.def("steps_until", &insight::steps_until);
}

}  // namespace chronicler::python
