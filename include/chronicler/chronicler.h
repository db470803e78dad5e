// Everything that a program needs: #include <chronicler/chronicler.h>
//
// A first reading, in this order: model.h, layers.h, fit.h, then the header of a task.
#pragma once

// clang-format off: the order is a reader's
// IWYU pragma: begin_exports

// ---- Models: chains of layers and graphs, their files, live streams.
#include "chronicler/formats/model_file.h"
#include "chronicler/model/adapt_options.h"
#include "chronicler/model/compilation.h"
#include "chronicler/model/functional.h"
#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "chronicler/model/xlstm.h"

// ---- Layers, with their options, initializers, regularizers and constraints.
#include "chronicler/layers/layer.h"
#include "chronicler/layers/layers.h"
#include "chronicler/layers/options.h"

// ---- Training.
#include "chronicler/training/callbacks.h"
#include "chronicler/training/checkpoint_error.h"
#include "chronicler/training/dataset.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/fit_stream.h"
#include "chronicler/training/losses.h"
#include "chronicler/training/metrics.h"
#include "chronicler/training/optimizers.h"
#include "chronicler/training/schedules.h"
#include "chronicler/training/stream_learner.h"

// ---- Tensors and what everything stands on.
#include "chronicler/base/arena.h"
#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/base/fields.h"
#include "chronicler/base/mapped_npy.h"
#include "chronicler/base/number_array.h"
#include "chronicler/base/option_error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/base/sequence_list.h"
#include "chronicler/base/shape.h"
#include "chronicler/base/tensor.h"
#include "chronicler/base/texts.h"
#include "chronicler/kernels/machine.h"
#include "chronicler/kernels/scan_speed.h"

// ---- Forecasts.
#include "chronicler/data/forecast_errors.h"
#include "chronicler/data/row_calendar.h"
#include "chronicler/data/time_series.h"
#include "chronicler/data/timestamp.h"
#include "chronicler/data/windows.h"
#include "chronicler/tasks/baselines.h"
#include "chronicler/tasks/forecaster.h"

// ---- Texts.
#include "chronicler/data/confusion_matrix.h"
#include "chronicler/data/labelled_texts.h"
#include "chronicler/data/pieces.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/sequences.h"
#include "chronicler/data/text_file.h"
#include "chronicler/data/text_lines.h"
#include "chronicler/data/word_vectors.h"
#include "chronicler/data/words.h"
#include "chronicler/decoding/ngram_model.h"
#include "chronicler/decoding/sampling.h"
#include "chronicler/tasks/bag_of_words.h"
#include "chronicler/tasks/text_classifier.h"
#include "chronicler/tasks/text_generator.h"

// ---- Translation.
#include "chronicler/data/bleu.h"
#include "chronicler/data/chrf.h"
#include "chronicler/data/sentence_pairs.h"
#include "chronicler/decoding/beam_search.h"
#include "chronicler/insight/alignment.h"
#include "chronicler/tasks/translation_memory.h"
#include "chronicler/tasks/translator.h"

// ---- Speech.
#include "chronicler/data/audio.h"
#include "chronicler/data/audio_augmentation.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/data/log_mel.h"
#include "chronicler/data/recordings.h"
#include "chronicler/data/spoken_text.h"
#include "chronicler/decoding/ctc_alignment.h"
#include "chronicler/decoding/ctc_beam_search.h"
#include "chronicler/decoding/ctc_greedy.h"
#include "chronicler/tasks/transcriber.h"

// ---- What all tasks share.
#include "chronicler/tasks/task_progress.h"

// ---- Files of rows, arrays and weights.
#include "chronicler/data/csv.h"
#include "chronicler/data/csv_rows.h"
#include "chronicler/data/csv_to_npy.h"
#include "chronicler/formats/npy.h"
#include "chronicler/formats/safetensors_file.h"

// ---- Insight: what a network remembers, charts, reports.
#include "chronicler/insight/chart.h"
#include "chronicler/insight/gradient_flow.h"
#include "chronicler/insight/report.h"
#include "chronicler/insight/svg.h"
#include "chronicler/insight/text_plot.h"
#include "chronicler/version.h"
// IWYU pragma: end_exports
// clang-format on
