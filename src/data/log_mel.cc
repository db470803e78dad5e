#include "chronicler/data/log_mel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "chronicler/base/error.h"

#if CHRONICLER_HAVE_AUDIO
#include <kiss_fftr.h>
#endif

namespace chronicler::data {
namespace {

double mel_of(double hertz) { return 2595.0 * std::log10(1.0 + hertz / 700.0); }
double hertz_of(double mel) { return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0); }

void check(const LogMelOptions& options) {
  const double high = options.high > 0.0 ? options.high : options.rate / 2.0;
  if (options.rate < 1 || options.bands < 1 || options.bands > 1024)
    throw Error(fmt::format("log-mel needs a rate and 1 to 1,024 bands, got {} and {}",
                            options.rate, options.bands));
  if (!(options.window_seconds > 0.0 && options.window_seconds <= 1.0 &&
        options.hop_seconds > 0.0 && options.hop_seconds <= 1.0)) {
    throw Error(fmt::format("windows of {} seconds each {} seconds cannot be",
                            options.window_seconds, options.hop_seconds),
                "0.025 and 0.010 are usual");
  }
  if (!(options.low >= 0.0 && options.low < high && high <= options.rate / 2.0)) {
    throw Error(fmt::format("bands from {} to {} hertz need a rate above {}", options.low, high,
                            2.0 * std::max(high, options.low)),
                "ask for less high ones");
  }
  if (!(options.floor > 0.0)) throw Error("the floor of a band's energy must be above 0");
}

// The weights of a band on the spectrum, from its first place above 0 on.
struct Triangle {
  std::size_t first = 0;
  std::vector<float> weights;
};

std::vector<Triangle> triangles(const LogMelOptions& options, std::size_t size) {
  const double high = options.high > 0.0 ? options.high : options.rate / 2.0;
  const double low_mel = mel_of(options.low);
  const double step = (mel_of(high) - low_mel) / static_cast<double>(options.bands + 1);
  const double bin = options.rate / static_cast<double>(size);
  std::vector<Triangle> result;
  for (std::int64_t band = 0; band < options.bands; ++band) {
    const double left = hertz_of(low_mel + step * static_cast<double>(band));
    const double peak = hertz_of(low_mel + step * static_cast<double>(band + 1));
    const double right = hertz_of(low_mel + step * static_cast<double>(band + 2));
    Triangle triangle;
    for (std::size_t k = 0; k <= size / 2; ++k) {
      const double at = bin * static_cast<double>(k);
      const double weight = std::min((at - left) / (peak - left), (right - at) / (right - peak));
      if (weight <= 0.0) continue;
      if (triangle.weights.empty()) triangle.first = k;
      triangle.weights.push_back(static_cast<float>(weight));
    }
    result.push_back(std::move(triangle));
  }
  return result;
}

}  // namespace

#if CHRONICLER_HAVE_AUDIO

namespace {
struct FreePlan {
  void operator()(kiss_fftr_cfg plan) const { kiss_fftr_free(plan); }
};
}  // namespace

struct LogMel::Plan {
  std::size_t size = 0;  // of the spectrum
  std::vector<float> window;
  std::vector<Triangle> bands;

  // A plan of KissFFT has room that a call writes to: each thread needs its own.
  kiss_fftr_cfg fft() const {
    thread_local std::unique_ptr<kiss_fftr_state, FreePlan> plan;
    thread_local std::size_t planned = 0;
    if (planned != size) {
      plan.reset(kiss_fftr_alloc(static_cast<int>(size), 0, nullptr, nullptr));
      planned = size;
    }
    return plan.get();
  }
};

LogMel::LogMel(const LogMelOptions& options) : options_(options) {
  check(options);
  window_ = std::lround(options.window_seconds * options.rate);
  hop_ = std::lround(options.hop_seconds * options.rate);
  if (window_ < 2 || hop_ < 1)
    throw Error(fmt::format("{} samples a second are too few for windows of {} seconds",
                            options.rate, options.window_seconds));
  auto plan = std::make_unique<Plan>();
  plan->size = 2;
  while (plan->size < static_cast<std::size_t>(window_)) plan->size *= 2;
  for (std::int64_t i = 0; i < window_; ++i) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(window_);
    plan->window.push_back(static_cast<float>(0.5 - 0.5 * std::cos(angle)));
  }
  plan->bands = triangles(options, plan->size);
  plan_ = std::move(plan);
}

void LogMel::frame(std::span<const float> samples, std::span<float> out) const {
  thread_local std::vector<float> shaped;
  thread_local std::vector<kiss_fft_cpx> spectrum;
  shaped.assign(plan_->size, 0.0F);
  spectrum.resize(plan_->size / 2 + 1);
  const std::size_t count = std::min(samples.size(), plan_->window.size());
  for (std::size_t i = 0; i < count; ++i) shaped[i] = samples[i] * plan_->window[i];
  kiss_fftr(plan_->fft(), shaped.data(), spectrum.data());
  const auto scale = 1.0F / static_cast<float>(window_);
  for (std::size_t band = 0; band < plan_->bands.size(); ++band) {
    const Triangle& triangle = plan_->bands[band];
    float energy = 0.0F;
    for (std::size_t i = 0; i < triangle.weights.size(); ++i) {
      const kiss_fft_cpx& at = spectrum[triangle.first + i];
      energy += triangle.weights[i] * (at.r * at.r + at.i * at.i);
    }
    out[band] = std::log(static_cast<float>(options_.floor) + energy * scale);
  }
}

#else

struct LogMel::Plan {};
LogMel::LogMel(const LogMelOptions& options) : options_(options) {
  check(options);
  triangles(options, 2);
  throw Error("this build of Chronicler cannot work with recordings",
              "build it with libsndfile, libsamplerate and KissFFT");
}
void LogMel::frame(std::span<const float>, std::span<float>) const {}

#endif

LogMel::~LogMel() = default;
LogMel::LogMel(LogMel&&) noexcept = default;
LogMel& LogMel::operator=(LogMel&&) noexcept = default;

std::int64_t LogMel::frames(std::int64_t samples) const {
  return samples <= window_ ? 1 : 1 + (samples - window_) / hop_;
}

Tensor LogMel::operator()(std::span<const float> samples) const {
  const std::int64_t count = frames(static_cast<std::int64_t>(samples.size()));
  Tensor result({count, bands()});
  for (std::int64_t i = 0; i < count; ++i) {
    const auto from = static_cast<std::size_t>(i * hop_);
    frame(samples.subspan(from, std::min(samples.size() - from, static_cast<std::size_t>(window_))),
          {result.as<float>() + i * bands(), static_cast<std::size_t>(bands())});
  }
  return result;
}

}  // namespace chronicler::data
