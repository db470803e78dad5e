#include "cli/program_run.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace chronicler::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become_program(const std::vector<std::string>& arguments,
                                 const RunOptions& options) {
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(126);
  if (!options.input.empty() && dup2(open(options.input.c_str(), O_RDONLY), STDIN_FILENO) < 0)
    _exit(126);
  std::vector<std::string> words{CHRONICLER_CLI_PATH};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(CHRONICLER_CLI_PATH, pointers.data());
  _exit(127);
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
};

// What comes out of the ends until all are closed.
void collect(std::vector<std::pair<int, std::string*>> ends, pid_t program,
             const RunOptions& options) {
  const Clock::time_point start = Clock::now();
  bool signalled = options.interrupt_after == 0.0;
  while (!ends.empty()) {
    std::vector<pollfd> waiting;
    for (const auto& end : ends) waiting.push_back({end.first, POLLIN, 0});
    poll(waiting.data(), waiting.size(), 20);
    if (!signalled &&
        std::chrono::duration<double>(Clock::now() - start).count() > options.interrupt_after) {
      kill(program, SIGINT);
      signalled = true;
    }
    for (std::size_t i = waiting.size(); i-- > 0;) {
      if (waiting[i].revents == 0) continue;
      std::array<char, 4096> bytes{};
      const ssize_t count = read(ends[i].first, bytes.data(), bytes.size());
      if (count > 0) {
        ends[i].second->append(bytes.data(), static_cast<std::size_t>(count));
      } else {  // the end, or a terminal whose program has gone
        close(ends[i].first);
        ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
}

int status_of(pid_t program) {
  int status = 0;
  waitpid(program, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

ProgramRun run_on_terminal(const std::vector<std::string>& arguments, const RunOptions& options) {
  ProgramRun run;
  int terminal = -1;
  const pid_t program = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (program < 0) throw std::runtime_error("no terminal");
  if (program == 0) become_program(arguments, options);
  collect({{terminal, &run.out}}, program, options);
  run.status = status_of(program);
  return run;
}

}  // namespace

ProgramRun run_chronicler(const std::vector<std::string>& arguments, const RunOptions& options) {
  if (options.terminal) return run_on_terminal(arguments, options);
  ProgramRun run;
  const Pipe out;
  const Pipe errors;
  if (options.closed_output) close(out.read_end);
  const pid_t program = fork();
  if (program < 0) throw std::runtime_error("no process");
  if (program == 0) {
    if (options.closed_output) signal(SIGPIPE, SIG_IGN);
    dup2(out.write_end, STDOUT_FILENO);
    dup2(errors.write_end, STDERR_FILENO);
    for (const int end : {out.read_end, out.write_end, errors.read_end, errors.write_end})
      close(end);
    become_program(arguments, options);
  }
  close(out.write_end);
  close(errors.write_end);
  std::vector<std::pair<int, std::string*>> ends{{errors.read_end, &run.errors}};
  if (!options.closed_output) ends.emplace_back(out.read_end, &run.out);
  collect(std::move(ends), program, options);
  run.status = status_of(program);
  return run;
}

}  // namespace chronicler::test
