// How fast sinks read a log: all of its events into a file, and all of them looked at by a sink that wants alarms only.
//
//   kagimori_audit_sinks FOLDER
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "audit/sink_runner.h"
#include "server/audit_sinks.h"
#include "server/file_sink.h"

namespace {

using namespace kagimori;

// From the first event to the last.
Status deliver(audit::Log& log, const std::string& name, std::string_view events) {
  const std::filesystem::path file = log.folder().path / (name + ".jsonl");
  TRY(audit::replace_log_file(log.folder().sink(name), as_bytes(std::string_view("0\n")), audit::Durable::kNo));
  const auto wants = [events](std::string_view line) { return sink_wants(events, line); };
  const auto skip_event = [](std::string_view, std::uint64_t, std::uint64_t) { return std::string(); };
  const auto began = std::chrono::steady_clock::now();
  TRY_ASSIGN(const auto runner,
             audit::SinkRunner::start({log, name, make_file_sink(file), wants, UINT64_MAX, skip_event}));
  while (runner->counts().behind > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("a sink of %s events: %.0f events a second, %llu delivered\n", name.c_str(),
              static_cast<double>(log.lines()) / took.count(),
              static_cast<unsigned long long>(runner->counts().delivered));
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  return {};
}

Status run(const char* folder) {
  TRY_ASSIGN(const auto log, audit::Log::open({folder}));
  TRY(deliver(*log, "all", "all"));
  return deliver(*log, "alarms", "alarms");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: kagimori_audit_sinks FOLDER\n");
    return 2;
  }
  const Status done = run(argv[1]);
  if (done) return 0;
  std::fprintf(stderr, "kagimori_audit_sinks: %s\n", done.error().message.c_str());
  return 1;
}
