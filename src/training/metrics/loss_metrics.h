// Losses watched as metrics.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr mean_squared_error_metric_from(SettingsReader& settings);
MetricPtr mean_absolute_error_metric_from(SettingsReader& settings);
MetricPtr root_mean_squared_error_metric_from(SettingsReader& settings);
MetricPtr binary_crossentropy_metric_from(SettingsReader& settings);
MetricPtr categorical_crossentropy_metric_from(SettingsReader& settings);
MetricPtr sparse_categorical_crossentropy_metric_from(SettingsReader& settings);
MetricPtr mean_absolute_percentage_error_metric_from(SettingsReader& settings);
MetricPtr mean_squared_logarithmic_error_metric_from(SettingsReader& settings);
MetricPtr poisson_metric_from(SettingsReader& settings);
MetricPtr kl_divergence_metric_from(SettingsReader& settings);
MetricPtr hinge_metric_from(SettingsReader& settings);
MetricPtr squared_hinge_metric_from(SettingsReader& settings);
MetricPtr categorical_hinge_metric_from(SettingsReader& settings);
MetricPtr cosine_similarity_metric_from(SettingsReader& settings);
MetricPtr log_cosh_error_metric_from(SettingsReader& settings);
MetricPtr perplexity_from(SettingsReader& settings);

}  // namespace chronicler
