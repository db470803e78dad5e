#include "cli/program.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/option_error.h"
#include "chronicler/training/checkpoint_error.h"
#include "chronicler/version.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/field_options.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/manual.h"

namespace chronicler::cli {
namespace {

// Those above 128 are what a shell says of a program that a signal ends: SIGINT, SIGPIPE.
enum Status { done = 0, failed = 1, wrong_usage = 2, stopped = 130, broken_pipe = 141 };

constexpr std::string_view program_summary =
    "recurrent neural networks with Keras's API and files, in C++";
constexpr std::string_view program_examples =
    "  chronicler demo           what a network remembers, in a minute\n"
    "  chronicler demo --help    the examples and options of a command\n";

std::string text(std::string_view view) { return std::string(view); }

void add_commands(CLI::App& app, std::span<const Command> commands,
                  std::map<const CLI::App*, Job>& jobs) {
  for (const Command& command : commands) {
    CLI::App* options = app.add_subcommand(text(command.name), text(command.summary));
    options->footer(text(command.examples));
    options->set_help_flag("-h,--help", "this text");
    options->allow_extras();
    options->group("Commands");
    if (command.describe != nullptr) jobs[options] = command.describe(*options);
    add_commands(*options, command.commands, jobs);
  }
}

// The program and its commands; what each would do stands in `jobs`.
std::unique_ptr<CLI::App> make_app(std::map<const CLI::App*, Job>& jobs) {
  auto app = std::make_unique<CLI::App>(text(program_summary), "chronicler");
  app->formatter(std::make_shared<Help>());
  app->set_help_flag("-h,--help", "this text");
  app->set_version_flag("--version", "chronicler " CHRONICLER_VERSION, "the version");
  app->footer(text(program_examples));
  // For those who build: docs/cli.md and the man pages.
  app->add_flag("--help-markdown")->group("");
  app->add_option("--help-man")->type_name("FOLDER")->group("");
  // What is not understood is left over instead of ending at once: so the nearest name can be
  // shown.
  app->allow_extras();
  add_commands(*app, commands(), jobs);
  return app;
}

const CLI::App& chosen(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : chosen(*parsed.front());
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : path_of(*app.get_parent()) + " " + app.get_name();
}

std::string help_of(const CLI::App& app) { return path_of(app) + " --help"; }

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// The hint of an unknown name: the nearest ones, or what to say if none is near.
std::string hint_for(const std::vector<std::string>& nearest, const std::string& otherwise) {
  return nearest.empty() ? otherwise : fmt::format("did you mean {}?", fmt::join(nearest, " or "));
}

[[noreturn]] void unknown_command(const CLI::App& app, const std::string& name) {
  const std::vector<std::string> names = commands_of(app);
  const std::vector<std::string_view> known(names.begin(), names.end());
  throw UsageError(fmt::format("unknown command \"{}\"", name),
                   hint_for(nearest_names(name, known), help_of(app) + " lists the commands"));
}

// An option that the command does not have, or a word that it has no place for.
[[noreturn]] void unexpected_argument(const CLI::App& app, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  if (!name.starts_with('-')) {
    throw UsageError(fmt::format("unexpected argument \"{}\"", argument),
                     help_of(app) + " shows what may follow");
  }
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& spelling : option->get_lnames()) known.push_back("--" + spelling);
    for (const std::string& spelling : option->get_snames()) known.push_back("-" + spelling);
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  throw UsageError(fmt::format("unknown option \"{}\"", name),
                   hint_for(nearest_names(name, views), help_of(app) + " lists the options"));
}

// What no command had a place for, of the program and of each command down to the chosen one.
std::vector<std::string> leftovers_of(const CLI::App& app) {
  std::vector<std::string> leftovers = app.remaining();
  for (const CLI::App* command : app.get_subcommands()) {
    const std::vector<std::string> own = leftovers_of(*command);
    leftovers.insert(leftovers.end(), own.begin(), own.end());
  }
  return leftovers;
}

// The first leftover that the command line's author meant as an option, or else the first of all.
void refuse_leftovers(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const std::vector<std::string> leftovers = leftovers_of(app);
  if (leftovers.empty()) return;
  if (!commands_of(command).empty()) {
    if (!leftovers.front().starts_with('-')) unknown_command(command, leftovers.front());
    unexpected_argument(command, leftovers.front());
  }
  const auto option = std::find_if(leftovers.begin(), leftovers.end(),
                                   [](const std::string& left) { return left.starts_with('-'); });
  unexpected_argument(command, option == leftovers.end() ? leftovers.front() : *option);
}

// An empty word, or nothing behind an option's "=": CLI11 would take it for no value at all.
void refuse_empty_words(std::span<char* const> words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return;
    const bool is_option = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (!word.empty() && !is_option) continue;
    throw UsageError(is_option ? fmt::format("nothing follows the = of \"{}\"", word)
                     : i == 1  ? std::string("the first argument is empty")
                               : fmt::format("the argument after \"{}\" is empty", words[i - 1]),
                     "give a value, or leave the option out; is a variable of the shell empty?");
  }
}

// CLI11's findings in our words.
std::string sentence(const CLI::ParseError& error) {
  const std::string words = error.what();
  for (const auto& [found, between, end] :
       {std::array<std::string_view, 3>{" excludes ", " and ", " cannot be given together"},
        std::array<std::string_view, 3>{" requires ", " does nothing without ", ""}}) {
    const std::size_t at = words.find(found);
    if (at == std::string::npos ||
        (error.get_name() != "ExcludesError" && error.get_name() != "RequiresError"))
      continue;
    return fmt::format("{}{}{}{}", words.substr(0, at), between, words.substr(at + found.size()),
                       end);
  }
  std::string option = words.substr(0, words.find(':'));
  if (option.empty()) option = "--help-man";  // CLI11 does not name what help does not show
  if (const std::size_t flag = words.find(" was given a disallowed flag override");
      flag != std::string::npos) {
    return fmt::format("--{} takes no value", words.substr(0, flag));
  }
  if (error.get_name() == "ArgumentMismatch") {
    const bool is_repeated = words.find("At Most") != std::string::npos;
    return option + (is_repeated ? " is given twice" : " needs a value");
  }
  if (error.get_name() == "ValidationError") {
    return option + words.substr(option.size() + 1);
  }
  constexpr std::string_view unreadable = "Could not convert: ";
  if (const std::size_t equals = words.find(" = "); error.get_name() == "ConversionError" &&
                                                    words.starts_with(unreadable) &&
                                                    equals != std::string::npos) {
    return fmt::format("{}: \"{}\" is not a number",
                       words.substr(unreadable.size(), equals - unreadable.size()),
                       words.substr(equals + 3));
  }
  return words;
}

void run(int argc, char** argv) {
  std::map<const CLI::App*, Job> jobs;
  const std::unique_ptr<CLI::App> app = make_app(jobs);
  refuse_empty_words({argv, static_cast<std::size_t>(argc)});
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    app->exit(asked);
    return;
  } catch (const CLI::ParseError& error) {
    refuse_leftovers(*app);  // a mistyped option is why another one is missing
    throw UsageError(sentence(error), help_of(chosen(*app)) + " shows how it is used");
  }
  refuse_leftovers(*app);
  if (app->count("--help-markdown") > 0) {
    std::cout << markdown_manual(*app);
    return;
  }
  if (app->count("--help-man") > 0)
    return write_man_pages(*app, app->get_option("--help-man")->as<std::string>());
  const CLI::App& command = chosen(*app);
  const auto job = jobs.find(&command);
  if (job == jobs.end()) {
    if (&command != app.get()) {
      throw UsageError(fmt::format("{} needs one of {}", path_of(command),
                                   fmt::join(commands_of(command), ", ")),
                       help_of(command) + " shows examples");
    }
    throw UsageError("no command was given",
                     "chronicler demo shows what this is; chronicler --help lists the commands");
  }
  job->second();
}

}  // namespace

int run_program(int argc, char** argv) {
  note_interrupts();
  Status status = done;
  try {
    run(argc, argv);
  } catch (const UsageError& error) {
    print_error(error.message(), error.hint());
    status = wrong_usage;
  } catch (const CheckpointError& error) {
    print_error(error.message(), error.hint_with("without --resume"));
    status = failed;
  } catch (const OptionError& error) {
    print_error(error.message_with(option_name), error.hint_with(option_name));
    status = failed;
  } catch (const Error& error) {
    print_error(error.message(), error.hint());
    status = failed;
  } catch (const Interrupted&) {
    std::cerr << "\ninterrupted\n";
    status = stopped;
  } catch (const std::bad_alloc&) {
    print_error("there is not enough memory", "try with less data at a time, or a smaller model");
    status = failed;
  } catch (const std::exception& error) {
    print_error(error.what(), "");
    status = failed;
  }
  std::cout.flush();
  if (status == done && !std::cout) {
    if (is_closed_pipe(STDOUT_FILENO)) return broken_pipe;
    print_error("cannot write to standard output", "is the disk full?");
    status = failed;
  }
  return status;
}

}  // namespace chronicler::cli
