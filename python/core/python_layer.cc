#include "python_layer.h"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "layers/core/invoke.h"

namespace chronicler::python {
namespace {

nb::list tuples_of(std::span<const Shape> shapes) {
  nb::list tuples;
  for (const Shape& shape : shapes) tuples.append(to_tuple(shape));
  return tuples;
}

TensorView in_arena(Pass& pass, const Tensor& tensor) {
  if (!tensor) return {};
  const TensorView view = pass.arena.tensor(tensor.shape(), tensor.dtype());
  copy(tensor, view);
  return view;
}

// `tensor` added to `sum`, both of one type and size.
void add_to(const TensorView& sum, const Tensor& tensor) {
  const Tensor same = tensor.to(sum.dtype());
  if (same.size() != sum.size()) {
    throw Error(fmt::format("a gradient has shape {}, its weight {}", tensor.shape().to_string(),
                            sum.shape().to_string()));
  }
  if (sum.dtype() == DType::float64) {
    for (std::int64_t i = 0; i < sum.size(); ++i) sum.as<double>()[i] += same.as<double>()[i];
  } else {
    for (std::int64_t i = 0; i < sum.size(); ++i) sum.as<float>()[i] += same.as<float>()[i];
  }
}

}  // namespace

PythonLayer::PythonLayer(nb::object object, std::string class_name)
    : object_(std::move(object)), class_name_(std::move(class_name)) {
  set_name(nb::cast<std::string>(object_.attr("name")));
  set_trainable(nb::cast<bool>(object_.attr("_trainable")));
  set_dtype(dtype_from_name(nb::cast<std::string>(object_.attr("_core_dtype"))));
}

PythonLayer::~PythonLayer() {
  if (!nb::is_alive()) {
    object_.release();
    for (auto& [tape, record] : records_) record.release();
    return;
  }
  const Locked lock;
  records_.clear();
  object_.reset();
}

int PythonLayer::visit_references(visitproc visit, void* argument) const {
  if (object_.is_valid()) {
    if (const int result = visit(object_.ptr(), argument)) return result;
  }
  for (const auto& [tape, record] : records_) {
    if (!record.is_valid()) continue;
    if (const int result = visit(record.ptr(), argument)) return result;
  }
  return 0;
}

void PythonLayer::clear() {
  records_.clear();
  object_.reset();
}

void PythonLayer::build_weights(std::span<const Shape> inputs) {
  const Locked lock;
  object_.attr("_core_build")(tuples_of(inputs));
}

void PythonLayer::make_weight(const std::string& name, const Shape& shape,
                              const Initializer& initializer, const Regularizer& regularizer,
                              const Constraint& constraint, bool trainable) {
  add_weight(name, shape, {initializer, regularizer, constraint, trainable});
}

void PythonLayer::hold_layer(const std::string& path, const LayerPtr& layer) { hold(path, layer); }

std::vector<Shape> PythonLayer::output_shapes(std::span<const Shape> inputs) const {
  const Locked lock;
  return to_shapes(object_.attr("_core_shapes")(tuples_of(inputs)));
}

void PythonLayer::check_inputs(std::span<const Value> /*inputs*/) const {}

bool PythonLayer::supports_masking() const {
  const Locked lock;
  return nb::cast<bool>(object_.attr("supports_masking"));
}

void PythonLayer::forward(Pass& pass, Call& call) const {
  const Locked lock;
  nb::list inputs;
  nb::list masks;
  for (const Value& input : call.inputs) {
    inputs.append(to_array_copy(input.data));
    masks.append(to_array_copy(input.mask));
  }
  const nb::tuple batch = nb::make_tuple(reinterpret_cast<std::uintptr_t>(&pass.arena), pass.step);
  const nb::object result =
      object_.attr("_core_forward")(inputs, masks, pass.training, call.tape != nullptr, batch);
  const nb::object outputs = result[0];
  const nb::object output_masks = result[1];
  if (nb::len(outputs) != call.outputs.size()) {
    throw Error(fmt::format("{} \"{}\": call gave {} outputs where {} were expected", class_name_,
                            name(), nb::len(outputs), call.outputs.size()));
  }
  for (std::size_t i = 0; i < call.outputs.size(); ++i) {
    Tensor output = to_tensor(outputs[i]);
    if (output.dtype() == DType::float32 || output.dtype() == DType::float64)
      output = output.to(dtype());
    call.outputs[i].data = in_arena(pass, output);
    call.outputs[i].mask = in_arena(pass, to_optional_tensor(output_masks[i]));
  }
  if (call.tape != nullptr) records_[call.tape] = result[2];
  pass.activity_penalty += nb::cast<double>(result[3]);  // of add_loss and activity regularizers
}

void PythonLayer::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const Locked lock;
  nb::list gradients;
  for (const TensorView& output : gradient.outputs) gradients.append(to_array_copy(output));
  const nb::object result = object_.attr("_core_backward")(records_[call.tape], gradients);
  const nb::object of_inputs = result[0];
  const nb::object of_weights = result[1];
  for (std::size_t i = 0; i < gradient.inputs.size(); ++i) {
    if (!gradient.wanted[i]) continue;
    const Tensor found = to_optional_tensor(of_inputs[i]);
    if (found) gradient.inputs[i] = in_arena(pass, found.to(call.inputs[i].data.dtype()));
  }
  fill_missing(pass, call, gradient);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor found = to_optional_tensor(of_weights[i]);
    if (found && parameters_[i].gradient) add_to(parameters_[i].gradient, found);
  }
}

State PythonLayer::initial_state(std::int64_t batch) const {
  const Locked lock;
  State state;
  for (const nb::handle first : object_.attr("_core_states")(batch))
    state.push_back(to_tensor(first).to(dtype()).clone());
  return state;
}

std::size_t PythonLayer::state_size() const { return initial_state(1).size(); }

void PythonLayer::fields(FieldVisitor& /*visitor*/) {}

LayerPtr PythonLayer::clone() const {
  const Locked lock;
  return nb::cast<std::shared_ptr<Layer>>(object_.attr("_core_clone")());
}

std::string PythonLayer::file_object() const {
  const Locked lock;
  return to_text(to_json(nb::object(object_.attr("_core_object")())));
}

}  // namespace chronicler::python
