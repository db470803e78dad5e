#include "cli/bench/bench_command.h"

#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/kernels/machine.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "cli/bench/long.h"
#include "cli/bench/scaling.h"
#include "cli/bench/scan.h"
#include "cli/bench/shapes.h"
#include "cli/bench/streams.h"
#include "cli/bench/timing.h"
#include "cli/bench/xlstm.h"
#include "cli/common_options.h"

namespace chronicler::cli {
namespace {

using bench::NetworkShape;
using bench::Times;

struct Options {
  std::string what;
  std::string shapes;
  std::string only;
  std::string weights = "float32";
  std::string memory_budget;
  double seconds = 2.5;
  int threads = 0;
  bool json = false;
};

struct NetworkTimes {
  std::optional<Times> train;
  std::optional<Times> infer;
};

NetworkTimes time_network(const NetworkShape& shape, const Options& options) {
  Sequential model(shape.layers());
  model.compile({.optimizer = "adam",
                 .loss = shape.classes == 1 ? "mse" : "sparse_categorical_crossentropy"});
  const Tensor x = shape.inputs();
  const Tensor y = shape.targets();
  NetworkTimes times;
  if (options.what == "train") {
    times.train = bench::time_runs(options.seconds, [&] { model.train_on_batch(x, y); });
  }
  times.infer = bench::time_runs(options.seconds / 2, [&] { model.predict_on_batch(x); });
  return times;
}

void print_json(const NetworkShape& shape, const NetworkTimes& times, double peak) {
  nlohmann::ordered_json json{{"id", shape.id}, {"peer", "chronicler"}};
  const auto put = [&](const std::string& name, const std::optional<Times>& measured,
                       double operations) {
    if (!measured) return;
    const double gflops = operations / measured->median() * 1e-9;
    json[name + "_ms"] = measured->median() * 1e3;
    json[name + "_min"] = measured->least() * 1e3;
    json[name + "_gflops"] = gflops;
    json[name + "_percent_of_peak"] = gflops / peak * 100.0;
  };
  put("train", times.train, 3 * shape.forward_operations());
  put("infer", times.infer, shape.forward_operations());
  std::cout << json.dump() << std::endl;
}

void print_row(const NetworkShape& shape, const NetworkTimes& times, double peak) {
  std::cout << fmt::format("{:<5}{:<36}", shape.id, shape.name);
  const auto put = [&](const std::optional<Times>& measured, double operations) {
    if (!measured) return;
    const double gflops = operations / measured->median() * 1e-9;
    std::cout << fmt::format("{:>12.3f}{:>9.0f}{:>7.0f} %", measured->median() * 1e3, gflops,
                             gflops / peak * 100.0);
  };
  put(times.train, 3 * shape.forward_operations());
  put(times.infer, shape.forward_operations());
  std::cout << std::endl;
}

void run_networks(const Options& options) {
  const std::vector<NetworkShape> shapes =
      only(options.shapes.empty() ? bench::standard_shapes() : bench::read_shapes(options.shapes),
           options.only);
  const int threads = Runtime::global().threads();
  const double peak = fma_peak_gflops(threads);
  if (!options.json) {
    std::cout << fmt::format("{}, {}, {} thread{}, FMA peak {:.0f} GFLOP/s\n", processor_name(),
                             instruction_set(), threads, threads == 1 ? "" : "s", peak);
    std::cout << fmt::format("{:<41}", "");
    if (options.what == "train")
      std::cout << fmt::format("{:>12}{:>9}{:>9}", "train ms", "GFLOP/s", "of peak");
    std::cout << fmt::format("{:>12}{:>9}{:>9}\n", "infer ms", "GFLOP/s", "of peak");
  }
  for (const NetworkShape& shape : shapes) {
    const NetworkTimes times = time_network(shape, options);
    if (options.json) {
      print_json(shape, times, peak);
    } else {
      print_row(shape, times, peak);
    }
  }
}

void run_streams(const Options& options) {
  const std::vector<bench::StreamShape> shapes = bench::only(bench::stream_shapes(), options.only);
  if (!options.json) {
    std::cout << fmt::format("{}, {}, one thread\n{:<18}{:>12}{:>12}{:>14}\n", processor_name(),
                             instruction_set(), "", "step ns", "p99 ns", "steps/s");
  }
  for (const bench::StreamShape& shape : shapes) {
    const bench::StreamTimes times =
        bench::time_stream(shape, options.weights, options.seconds / 2);
    if (options.json) {
      const nlohmann::ordered_json json{{"id", shape.id},
                                        {"peer", "chronicler"},
                                        {"step_ns", times.step_ns},
                                        {"p99_ns", times.p99_ns}};
      std::cout << json.dump() << std::endl;
    } else {
      std::cout << fmt::format("{:<18}{:>12.0f}{:>12.0f}{:>14.0f}\n", shape.id, times.step_ns,
                               times.p99_ns, 1e9 / times.step_ns)
                << std::flush;
    }
  }
}

void run_xlstm(const Options& options) {
  const std::vector<bench::XlstmShape> shapes = bench::only(bench::xlstm_shapes(), options.only);
  if (!options.json) {
    std::cout << fmt::format("{}, {}, {} threads\n{:<26}{:<32}{:>12}{:>12}\n", processor_name(),
                             instruction_set(), Runtime::global().threads(), "", "", "train ms",
                             "infer ms");
  }
  for (const bench::XlstmShape& shape : shapes) {
    const bench::XlstmRun timed = bench::xlstm_run(shape);
    std::optional<Times> train;
    if (timed.train) train = bench::time_runs(options.seconds, timed.train);
    const Times infer = bench::time_runs(options.seconds / 2, timed.infer);
    if (options.json) {
      nlohmann::ordered_json json{{"id", shape.id}, {"peer", "chronicler"}};
      if (train) json["train_ms"] = train->median() * 1e3;
      json["infer_ms"] = infer.median() * 1e3;
      std::cout << json.dump() << std::endl;
    } else {
      const std::string trains = train ? fmt::format("{:.1f}", train->median() * 1e3) : "";
      std::cout << fmt::format("{:<26}{:<32}{:>12}{:>12.1f}\n", shape.id, shape.name, trains,
                               infer.median() * 1e3)
                << std::flush;
    }
  }
}

void print_scaling_json(const bench::ScalingFigure& figure, const std::vector<int>& threads) {
  nlohmann::ordered_json json{{"axis", figure.axis},
                              {"units", figure.units},
                              {"batch", figure.batch},
                              {"steps", figure.steps},
                              {"features", figure.features}};
  for (std::size_t i = 0; i < threads.size(); ++i)
    json[fmt::format("train_ms_{}", threads[i])] = figure.seconds[i] * 1e3;
  json["operations"] = figure.operations;
  std::cout << json.dump() << std::endl;
}

// Times grow in a straight line with steps and batch where GFLOP/s stay the same, and so they do
// with the square of the units.
void print_scaling_row(const bench::ScalingFigure& figure) {
  std::cout << fmt::format("{:>7}{:>7}{:>7}{:>9}", figure.units, figure.batch, figure.steps,
                           figure.features);
  for (const double seconds : figure.seconds)
    std::cout << fmt::format("{:>12.3f}{:>9.1f}", seconds * 1e3,
                             figure.operations / seconds * 1e-9);
  std::cout << fmt::format("{:>8.2f}x\n", figure.seconds.front() / figure.seconds.back())
            << std::flush;
}

void run_scaling(const Options& options) {
  const int most = Runtime::global().threads();
  const std::vector<int> threads = most == 1 ? std::vector<int>{1} : std::vector<int>{1, most};
  const std::vector<bench::ScalingFigure> shapes = bench::scaling_shapes(options.only);
  if (!options.json) {
    std::cout << fmt::format("{}, {}; a training step of one LSTM, milliseconds and GFLOP/s\n",
                             processor_name(), instruction_set());
  }
  std::string axis;
  for (bench::ScalingFigure figure : shapes) {
    bench::time_scaling(figure, threads, options.seconds);
    if (options.json) {
      print_scaling_json(figure, threads);
      continue;
    }
    if (axis != figure.axis) {
      axis = figure.axis;
      std::cout << fmt::format("\n{:>7}{:>7}{:>7}{:>9}", "units", "batch", "steps", "features");
      for (const int count : threads)
        std::cout << fmt::format(
            "{:>12}{:>9}", count == 1 ? "1 thread" : fmt::format("{} threads", count), "GFLOP/s");
      std::cout << fmt::format("{:>9}\n", "faster");
    }
    print_scaling_row(figure);
  }
}

void run_option_costs(const Options& options) {
  if (!options.json) {
    std::cout << fmt::format("{}, {}; a training step of LSTM 2x64, batch 32, 100 steps of 64\n",
                             processor_name(), instruction_set());
    std::cout << fmt::format("{:<36}{:>10}{:>12}{:>20}\n", "", "ms", "of none's",
                             "steps that count");
  }
  for (const bench::OptionCost& cost : bench::time_options(options.seconds)) {
    if (options.json) {
      const nlohmann::ordered_json json{{"option", cost.name},
                                        {"train_ms", cost.seconds * 1e3},
                                        {"over_none", cost.over_plain},
                                        {"steps_that_count", cost.work}};
      std::cout << json.dump() << std::endl;
    } else {
      std::cout << fmt::format("{:<36}{:>10.3f}{:>11.2f}x{:>18.0f} %\n", cost.name,
                               cost.seconds * 1e3, cost.over_plain, cost.work * 100);
    }
  }
}

void run_first(const Options& options) {
  const std::vector<double> seconds = bench::time_first_steps(10);
  if (!options.json) std::cout << "training steps of a new LSTM 2x64 (T02), milliseconds\n";
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    if (options.json) {
      const nlohmann::ordered_json json{{"step", i + 1}, {"train_ms", seconds[i] * 1e3}};
      std::cout << json.dump() << std::endl;
    } else {
      std::cout << fmt::format("{:>4}{:>12.3f}\n", i + 1, seconds[i] * 1e3);
    }
  }
}

void print_kernel(const Options& options, const bench::ScanKernel& kernel, double copy) {
  const ScanSpeed speed = scan_speed(Runtime::global().threads(), kernel.shape, options.seconds);
  if (options.json) {
    const nlohmann::ordered_json json{{"id", kernel.id},
                                      {"peer", "chronicler"},
                                      {"forward_gb_s", speed.forward},
                                      {"forward_percent_of_copy", speed.forward / copy * 100.0},
                                      {"backward_gb_s", speed.backward},
                                      {"backward_percent_of_copy", speed.backward / copy * 100.0}};
    std::cout << json.dump() << std::endl;
    return;
  }
  std::cout << fmt::format("{:<26}{:>12.1f}{:>8.0f} %{:>12.1f}{:>8.0f} %\n", kernel.id,
                           speed.forward, speed.forward / copy * 100.0, speed.backward,
                           speed.backward / copy * 100.0)
            << std::flush;
}

void print_layer(const Options& options, const bench::SequenceShape& shape) {
  const bench::SequenceTimes times = bench::time_sequence(shape, options.seconds);
  const double train = times.train.median() * 1e3;
  const double infer = times.infer.median() * 1e3;
  if (options.json) {
    const nlohmann::ordered_json json{
        {"id", shape.id}, {"peer", "chronicler"}, {"train_ms", train}, {"infer_ms", infer}};
    std::cout << json.dump() << std::endl;
  } else {
    std::cout << fmt::format("{:<26}{:>12.3f}{:>12.3f}\n", shape.id, train, infer) << std::flush;
  }
}

// Those of two lists whose ids are wanted; Error for an id that is in neither.
template <class One, class Other>
std::pair<std::vector<One>, std::vector<Other>> only_of_both(const std::vector<One>& ones,
                                                             const std::vector<Other>& others,
                                                             const std::string& ids) {
  if (ids.empty()) return {ones, others};
  struct Named {
    std::string id;
    std::size_t place;
  };
  std::vector<Named> all;
  for (const One& one : ones) all.push_back({one.id, all.size()});
  for (const Other& other : others) all.push_back({other.id, all.size()});
  std::pair<std::vector<One>, std::vector<Other>> chosen;
  for (const Named& each : bench::only(all, ids)) {
    if (each.place < ones.size()) {
      chosen.first.push_back(ones[each.place]);
    } else {
      chosen.second.push_back(others[each.place - ones.size()]);
    }
  }
  return chosen;
}

void run_scan(const Options& options) {
  const int threads = Runtime::global().threads();
  const auto [kernels, layers] =
      only_of_both(bench::scan_kernels(), bench::scan_layers(), options.only);
  if (!kernels.empty()) {
    const double copy = copy_bandwidth(threads, 4 * last_cache_bytes(), options.seconds);
    if (!options.json) {
      std::cout << fmt::format("{}, {}, {} thread{}, a copy {:.1f} GB/s\n", processor_name(),
                               instruction_set(), threads, threads == 1 ? "" : "s", copy);
      std::cout << fmt::format("{:<26}{:>12}{:>10}{:>12}{:>10}\n", "", "forward GB/s", "of copy",
                               "back GB/s", "of copy");
    }
    for (const bench::ScanKernel& kernel : kernels) print_kernel(options, kernel, copy);
  }
  if (!layers.empty() && !options.json)
    std::cout << fmt::format("\n{:<26}{:>12}{:>12}\n", "", "train ms", "infer ms");
  for (const bench::SequenceShape& shape : layers) print_layer(options, shape);
}

void run_long(const Options& options) {
  const std::vector<bench::SequenceShape> shapes = bench::only(bench::long_shapes(), options.only);
  if (!options.json) {
    std::cout << fmt::format(
        "an LSTM over 8 features, {}\n{:<26}{:>14}{:>14}{:>12}\n",
        options.memory_budget.empty() ? "everything kept" : "a budget of " + options.memory_budget,
        "", "train ms", "infer ms", "peak MB");
  }
  for (const bench::SequenceShape& shape : shapes) {
    const bench::LongFigure figure =
        bench::time_long(shape, options.memory_budget, options.seconds);
    if (options.json) {
      const nlohmann::ordered_json json{{"id", shape.id},
                                        {"peer", "chronicler"},
                                        {"train_ms", figure.train_ms},
                                        {"infer_ms", figure.infer_ms},
                                        {"peak_mb", figure.peak_mb}};
      std::cout << json.dump() << std::endl;
    } else {
      std::cout << fmt::format("{:<26}{:>14.3f}{:>14.3f}{:>12.0f}\n", shape.id, figure.train_ms,
                               figure.infer_ms, figure.peak_mb)
                << std::flush;
    }
  }
}

// Options that only some of the benchmarks look at.
void refuse_what_does_nothing(const CLI::App& app) {
  const std::map<std::string, std::vector<std::string>> unused{
      {"--shapes", {"stream", "scaling", "options", "first", "shapes", "scan", "long", "xlstm"}},
      {"--only", {"options", "first"}},
      {"--seconds", {"first", "shapes"}},
      {"--weights",
       {"train", "infer", "scaling", "options", "first", "shapes", "scan", "long", "xlstm"}},
      {"--memory-budget",
       {"train", "infer", "stream", "scaling", "options", "first", "shapes", "scan", "xlstm"}},
      {"--threads", {"shapes"}},
      {"--json", {"shapes"}}};
  for (const auto& [option, benchmarks] : unused) {
    for (const std::string& what : benchmarks) refuse_beside(app, option, "what", what);
  }
}

void run(const Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  if (options.what == "stream") {
    run_streams(options);
  } else if (options.what == "xlstm") {
    run_xlstm(options);
  } else if (options.what == "scaling") {
    run_scaling(options);
  } else if (options.what == "options") {
    run_option_costs(options);
  } else if (options.what == "first") {
    run_first(options);
  } else if (options.what == "scan") {
    run_scan(options);
  } else if (options.what == "long") {
    run_long(options);
  } else if (options.what == "shapes") {
    bench::write_shapes(std::cout, only(bench::standard_shapes(), options.only));
  } else {
    run_networks(options);
  }
}

}  // namespace

Command bench_command() {
  return {
      "bench", "how fast networks train, predict and stream on this machine",
      "  chronicler bench train                     training steps of thirteen networks\n"
      "  chronicler bench train --only T02,T03 --threads 1\n"
      "  chronicler bench stream --json             one step of a live LSTM, a line each\n"
      "  chronicler bench xlstm                     forecasts of 35 M weights, and MLSTM both "
      "ways\n"
      "  chronicler bench scaling --only units      how time grows with steps, units and batch\n"
      "  chronicler bench options                   what dropout and masks cost\n"
      "  chronicler bench scan                      layers parallel over time, and their kernel\n"
      "  chronicler bench long --memory-budget 48MB an LSTM over 1,000 to 10,000,000 steps\n"
      "  chronicler bench shapes > shapes.json      the thirteen networks, for --shapes\n",
      [](CLI::App& app) -> Job {
        const auto options = std::make_shared<Options>();
        app.add_option("what", options->what,
                       "train, infer, stream, scaling, options, first, scan, long, xlstm or shapes")
            ->required()
            ->check(one_word({"train", "infer", "stream", "scaling", "options", "first", "scan",
                              "long", "xlstm", "shapes"}));
        app.add_option("--shapes", options->shapes, "networks to time, a JSON list (T01 to T13)")
            ->type_name("FILE");
        app.add_option("--only", options->only,
                       "only these, by id: T01,T02; of scaling: steps, units or batch")
            ->type_name("IDS");
        app.add_option("--seconds", options->seconds, "time for each figure (2.5)")
            ->check(number_from(0.01, 3600.0));
        app.add_option("--weights", options->weights, "of stream: float32 or bfloat16 (float32)")
            ->check(one_word({"float32", "bfloat16"}));
        app.add_option("--memory-budget", options->memory_budget,
                       "of long: what a batch may keep for the way back, such as 48MB (everything)")
            ->type_name("SIZE");
        add_threads(app, options->threads);
        app.add_flag("--json", options->json, "one JSON object a line")->disable_flag_override();
        return [options, &app] {
          refuse_what_does_nothing(app);
          run(*options);
        };
      }};
}

}  // namespace chronicler::cli
