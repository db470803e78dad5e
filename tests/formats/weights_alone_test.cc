// Weights without a model, and architectures without weights
// (tests/golden/weights/make_weights.py).
#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/formats/safetensors_file.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "formats/bytes.h"
#include "formats/hdf5/hdf5_reader.h"
#include "formats/hdf5/hdf5_writer.h"
#include "formats/keras/architecture.h"
#include "formats/keras/legacy_file.h"
#include "formats/mutation.h"
#include "support/allocation_count.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;

std::string golden(const std::string& name) {
  return (test::source_dir() / "tests/golden/weights" / name).string();
}

void expect_keras_answers(Model& model) {
  EXPECT_TRUE(
      test::close_to(model.predict(load_npy(golden("x.npy"))), load_npy(golden("y.npy")), 1e-6));
}

std::string write(const test::TemporaryFolder& folder, const std::string& name,
                  const std::string& bytes) {
  std::ofstream(folder.path(name), std::ios::binary) << bytes;
  return folder.path(name);
}

// Weights, and what they are put into.
using Pair = std::pair<const char*, const char*>;
class WeightsAlone : public testing::TestWithParam<Pair> {};

TEST_P(WeightsAlone, FillAModel) {
  const auto& [weights, like] = GetParam();
  const FilledModel filled = load_model_with_weights(golden(like), golden(weights));
  expect_keras_answers(*filled.model);
  EXPECT_TRUE(filled.renamed.empty());
  // And one that is there.
  const std::unique_ptr<Model> model = load_architecture(golden(like));
  model->load_weights(golden(weights));
  expect_keras_answers(*model);
}

INSTANTIATE_TEST_SUITE_P(Keras, WeightsAlone,
                         testing::Values(Pair{"keras3.weights.h5", "keras3.json"},
                                         Pair{"keras3.weights.h5", "keras2.json"},
                                         Pair{"keras2.weights.h5", "keras2.json"},
                                         Pair{"keras2.weights.h5", "keras3.json"},
                                         Pair{"keras2_layers.h5", "keras2.json"},
                                         Pair{"keras2_layers.h5", "keras3.json"}));

TEST(WeightsAlone, GoByOrderWhereNamesDiffer) {
  const FilledModel filled =
      load_model_with_weights(golden("keras2.json"), golden("other_names.h5"));
  expect_keras_answers(*filled.model);
  ASSERT_EQ(filled.renamed.size(), 3U);
  const auto find = [&](const std::string& name) {
    return std::find_if(filled.renamed.begin(), filled.renamed.end(),
                        [&](const auto& pair) { return pair.second == name; })
        ->first;
  };
  EXPECT_EQ(find("both_ways"), "bidirectional_7");
  EXPECT_EQ(find("first"), "second");
  EXPECT_EQ(find("second"), "first");
}

// The tensors of a file under other names.
std::string renamed(const std::string& file,
                    const std::function<std::string(const std::string&)>& name) {
  NamedTensors tensors = read_hdf5(read_file(golden(file))).tensors;
  for (NamedTensor& one : tensors) one.name = name(one.name);
  return write_hdf5(tensors);
}

TEST(WeightsAlone, OfEarlierKerasAndOfWindows) {
  const test::TemporaryFolder folder;
  // Keras 2.12 and 2.13 count a layer with weights twice.
  const std::map<std::string, std::string> counted{
      {"layers", "_layer_checkpoint_dependencies"},
      {"dense_1", "dense_2"},
      {"batch_normalization_1", "batch_normalization_2"}};
  const std::string early = renamed("keras2.weights.h5", [&](std::string name) {
    std::string result;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      const std::string part = name.substr(begin, end - begin);
      result += (begin == 0 ? "" : "/") + (counted.contains(part) ? counted.at(part) : part);
      begin = end + 1;
    }
    return result;
  });
  const std::string windows = renamed("keras2.weights.h5", [](std::string name) {
    for (std::size_t at = 0; (at = name.find("layers/", at)) != std::string::npos; ++at)
      name[at + 6] = '\\';
    return name;
  });
  for (const std::string& bytes : {early, windows}) {
    const std::string file = write(folder, "w.h5", bytes);
    expect_keras_answers(*load_model_with_weights(golden("keras2.json"), file).model);
  }
}

TEST(WeightsAlone, MayBeWrittenAnew) {
  const test::TemporaryFolder folder;
  const FilledModel filled =
      load_model_with_weights(golden("keras3.json"), golden("keras3.weights.h5"));
  filled.model->save(folder.path("m.keras"));
  filled.model->save_weights(folder.path("m.weights.h5"));
  filled.model->save_weights(folder.path("m.weights.chronicler"));
  save_safetensors(*filled.model, folder.path("m.safetensors"));
  for (const char* name : {"m.weights.h5", "m.weights.chronicler", "m.safetensors"}) {
    EXPECT_EQ(content_of(folder.path(name)), ModelFileContent::weights) << name;
    EXPECT_EQ(load_arrays(folder.path(name)).size(), filled.model->parameters().size()) << name;
    for (const std::string& like : {folder.path("m.keras"), golden("keras2.json")})
      expect_keras_answers(*load_model_with_weights(like, folder.path(name)).model);
  }
}

TEST(WeightsAlone, AreToldFromModelsAndArchitectures) {
  EXPECT_EQ(content_of(golden("keras2_layers.h5")), ModelFileContent::weights);
  EXPECT_EQ(content_of(golden("keras3.weights.h5")), ModelFileContent::weights);
  EXPECT_EQ(content_of(golden("keras2.json")), ModelFileContent::architecture);
  const std::string model = (test::source_dir() / "tests/golden/legacy/stack_keras2.h5").string();
  EXPECT_EQ(content_of(model), ModelFileContent::model);
  EXPECT_NE(error_of([&] { content_of(golden("make_weights.py")); }).find("it is text"),
            std::string::npos);

  const std::string alone = error_of([&] { load_model(golden("keras2_layers.h5")); });
  EXPECT_NE(alone.find("it holds weights without a model"), std::string::npos) << alone;
  EXPECT_NE(alone.find("--like MODEL"), std::string::npos) << alone;
  EXPECT_NE(error_of([&] { load_model(golden("keras2.json")); }).find("--architecture"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              load_model_with_weights(golden("keras2.json"), model);
            }).find("a model of its own"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              load_model_with_weights(golden("keras2_layers.h5"), golden("keras2_layers.h5"));
            }).find("weights without a model"),
            std::string::npos);
}

TEST(WeightsAlone, OfAnotherModelAreRefused) {
  const test::TemporaryFolder folder;
  using namespace layers;
  Sequential small({Input(Shape{5, 3}), LSTM({.units = 3, .name = "reader"}),
                    Dense({.units = 2, .name = "first"})});
  small.save(folder.path("small.keras"));
  const auto error = [&](const std::string& weights) {
    return error_of([&] { load_model_with_weights(folder.path("small.keras"), weights); });
  };
  const std::string layers = error(golden("keras2_layers.h5"));
  EXPECT_NE(layers.find("the model has 2 layers with weights, the file has weights of 6"),
            std::string::npos)
      << layers;
  EXPECT_NE(layers.find("no layer called \"reader\""), std::string::npos) << layers;
  EXPECT_NE(layers.find("has none called \"encoder\""), std::string::npos) << layers;
  const std::string missing = error(golden("keras3.weights.h5"));
  EXPECT_NE(missing.find("of LSTM \"reader\" is missing (\"layers/lstm/cell/vars/0\")"),
            std::string::npos)
      << missing;

  Sequential wide({Input(Shape{5, 3}), LSTM({.units = 4, .name = "reader"}),
                   Dense({.units = 2, .name = "first"})});
  wide.save_weights(folder.path("wide.weights.h5"));
  const std::string shape = error(folder.path("wide.weights.h5"));
  EXPECT_NE(shape.find("\"kernel\" of LSTM \"reader\""), std::string::npos) << shape;
  EXPECT_NE(shape.find("must have shape (3, 12), got (3, 16)"), std::string::npos) << shape;
}

// ---- architectures

TEST(Architecture, ComesInSeveralForms) {
  const std::string text = read_file(golden("keras3.json"));
  const Json model = parse_json(text, "test");
  for (const std::string& form :
       {text, "\n " + text, "\xef\xbb\xbf" + text, Json(text).dump(), model["config"].dump()}) {
    EXPECT_TRUE(is_json(form));
    EXPECT_EQ(read_architecture(form).model["config"]["name"], "m");
  }
  for (const char* other : {"{}", "\"x\"", "\"{}\"", R"({"class_name": "Sequential"})", "{", "[1]",
                            R"({"tokens": [1, 2]})", R"({"config": {}})"})
    EXPECT_NE(error_of([&] { read_architecture(other); }), "no error") << other;
}

TEST(Architecture, MayNotAskForMoreThanAGigabyte) {
  const test::TemporaryFolder folder;
  const std::string file =
      write(folder, "a.json",
            R"({"class_name": "Sequential", "keras_version": "2.2.4", "config": [{"class_name":
            "Dense", "config": {"name": "d", "units": 100000, "batch_input_shape": [null, 100000]}}]})");
  EXPECT_EQ(content_of(file), ModelFileContent::architecture);
  EXPECT_NE(error_of([&] { load_architecture(file); }), "no error");
  EXPECT_NE(error_of([&] { load_model_with_weights(file, golden("keras2_layers.h5")); }),
            "no error");
}

// ---- damage

void expect_a_model_or_an_error(const std::function<void()>& work, std::uint64_t seed) {
  const test::AllocationCount heap;
  try {
    work();
  } catch (const Error& error) {
    EXPECT_FALSE(error.message().empty());
  } catch (const std::exception& error) {
    ADD_FAILURE() << "seed " << seed << ": " << error.what();
  }
  constexpr std::int64_t most_bytes = 1 << 23;
  EXPECT_LT(heap.bytes(), most_bytes) << "seed " << seed;
}

TEST(WeightsAlone, DamagedOnesGiveAModelOrAnError) {
  const ModelSpec like = read_architecture(read_file(golden("keras2.json")));
  for (const char* name : {"keras2_layers.h5", "other_names.h5", "keras3.weights.h5"}) {
    const std::string whole = read_file(golden(name));
    for (std::uint64_t seed = 0; seed < 100 && !testing::Test::HasFailure(); ++seed) {
      test::Mutator mutator(seed);
      const std::string damaged = mutator.damaged(whole);
      expect_a_model_or_an_error(
          [&] {
            const ModelSpec weights = read_legacy(damaged);
            const std::unique_ptr<Model> model = make_unfilled_model(like, 1 << 20);
            set_weights(*model, weights);
          },
          seed);
    }
  }
  const std::string whole = read_file(golden("keras2_layers.h5"));
  for (std::size_t size = 0; size < whole.size(); size += 331)
    EXPECT_NE(error_of([&] { read_legacy(whole.substr(0, size)); }), "no error") << size;
}

TEST(Architecture, DamagedOnesGiveAModelOrAnError) {
  for (const char* name : {"keras2.json", "keras3.json"}) {
    const std::string whole = read_file(golden(name));
    for (std::uint64_t seed = 0; seed < 150 && !testing::Test::HasFailure(); ++seed) {
      test::Mutator mutator(seed);
      const std::string damaged = mutator.damaged_json(whole);
      expect_a_model_or_an_error([&] { make_unfilled_model(read_architecture(damaged), 1 << 20); },
                                 seed);
    }
  }
}

}  // namespace
}  // namespace chronicler
