#include "cli/help.h"

#include <string>

#include <fmt/format.h>

#include "cli/manual.h"

namespace chronicler::cli {

Help::Help() {
  column_width(28);
  label("Positionals", "Arguments");
  label("Subcommands", "Commands");
}

// CLI11 keeps the examples as the footer; here they come first: most readers want one to copy.
std::string Help::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
  std::string text = fmt::format("{}: {}\n", name, app->get_description());
  if (!app->get_footer().empty()) text += "\nExamples:\n" + app->get_footer();
  text += make_usage(app, name);
  text += make_positionals(app);
  text += make_groups(app, mode);
  text += make_subcommands(app, mode);
  return text;
}

std::string Help::make_usage(const CLI::App* app, std::string name) const {
  std::string text = "\nUsage: " + name;
  const bool commands = !app->get_subcommands([](const CLI::App*) { return true; }).empty();
  text += commands ? " COMMAND [OPTION...]" : " [OPTION...]";
  for (const CLI::Option* option : app->get_options()) {
    if (!option->get_positional()) continue;
    const std::string name_of = option->get_name(true);
    text += option->get_required() ? " " + name_of : " [" + name_of + "]";
  }
  return text + "\n";
}

// "N" instead of CLI11's "N:INT in [1 - 256]": what is allowed stands in the description.
std::string Help::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0 || option->get_positional()) return {};
  const std::string type = option->get_type_name();
  return " " + type.substr(0, type.find(':'));
}

// In lines that fit a terminal of 100 columns; CLI11 indents what follows a line's end.
std::string Help::make_option_desc(const CLI::Option* option) const {
  constexpr std::size_t width = 100;
  return wrapped(option->get_description(), width - get_column_width());
}

}  // namespace chronicler::cli
