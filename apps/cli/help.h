// How --help looks: what it is, examples, then usage and options.
#pragma once

#include <CLI/CLI.hpp>

namespace chronicler::cli {

class Help : public CLI::Formatter {
 public:
  Help();
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace chronicler::cli
