#include "eager_call.h"

#include <atomic>
#include <utility>

#include "layers/core/invoke.h"

namespace chronicler::python {
namespace {

// Fixes the dropout masks of a call: another in each.
std::uint64_t next_step() {
  static std::atomic<std::uint64_t> step{0};
  return step++;
}

// While it lives, the gradients of these weights are zeros of their own.
class OwnGradients {
 public:
  explicit OwnGradients(ParameterList& parameters) : parameters_(parameters) {
    for (Parameter& parameter : parameters_) {
      Tensor zeros(parameter.value.shape(), parameter.value.dtype());
      kept_.push_back(std::exchange(parameter.gradient, std::move(zeros)));
    }
  }
  OwnGradients(const OwnGradients&) = delete;
  OwnGradients& operator=(const OwnGradients&) = delete;
  ~OwnGradients() {
    std::size_t i = 0;
    for (Parameter& parameter : parameters_) parameter.gradient = std::move(kept_[i++]);
  }

 private:
  ParameterList& parameters_;
  std::vector<Tensor> kept_;
};

std::vector<Shape> shapes_of(const std::vector<Tensor>& tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : tensors) {
    Shape shape = tensor.shape();
    if (shape.rank() > 0) shape.set(0, None);
    shapes.push_back(shape);
  }
  return shapes;
}

}  // namespace

EagerCall::EagerCall(LayerPtr layer, std::vector<Tensor> inputs, std::vector<Tensor> masks,
                     const Options& options)
    : layer_(std::move(layer)),
      input_tensors_(std::move(inputs)),
      mask_tensors_(std::move(masks)),
      training_(options.training),
      step_(next_step()),
      state_(options.state),
      flags_(options.flags) {
  if (!layer_->built()) layer_->build(shapes_of(input_tensors_));
  mask_tensors_.resize(input_tensors_.size());
  for (std::size_t i = 0; i < input_tensors_.size(); ++i)
    inputs_.push_back({input_tensors_[i], mask_tensors_[i]});
  outputs_.resize(layer_->call_shapes(shapes_of(input_tensors_), flags_).size());
  const FlushDenormals flush;
  Pass running = pass();
  Call call{inputs_, outputs_, options.keep ? &tape_ : nullptr, state_, flags_};
  invoke(running, *layer_, call);
}

Pass EagerCall::pass() { return {arena_, Runtime::global(), training_, step_}; }

std::vector<Tensor> EagerCall::outputs() const {
  std::vector<Tensor> tensors;
  for (const Value& output : outputs_) tensors.push_back(own(output.data));
  return tensors;
}

std::vector<Tensor> EagerCall::masks() const {
  std::vector<Tensor> tensors;
  for (const Value& output : outputs_) tensors.push_back(output.mask ? own(output.mask) : Tensor());
  return tensors;
}

std::vector<Tensor> EagerCall::backward(const std::vector<Tensor>& output_gradients) {
  const FlushDenormals flush;
  OwnGradients gradients(layer_->parameters());
  std::vector<TensorView> outputs(output_gradients.begin(), output_gradients.end());
  outputs.resize(outputs_.size());
  std::vector<TensorView> inputs(inputs_.size());
  const auto wanted = std::make_unique<bool[]>(inputs_.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const DType dtype = inputs_[i].data.dtype();
    wanted[i] = dtype == DType::float32 || dtype == DType::float64;
  }
  Pass running = pass();
  const Call call{inputs_, outputs_, &tape_, state_, flags_};
  const bool went =
      invoke_back(running, *layer_, call, outputs, inputs, {wanted.get(), inputs_.size()});
  std::vector<Tensor> found;
  for (const TensorView& input : inputs) found.push_back(went && input ? own(input) : Tensor());
  for (const Parameter& parameter : layer_->parameters()) found.push_back(parameter.gradient);
  return found;
}

}  // namespace chronicler::python
