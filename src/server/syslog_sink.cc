#include "server/syslog_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "server/audit_sinks.h"

namespace kagimori {
namespace {

constexpr int kFacility = 13;
constexpr int kWarning = 4, kNotice = 5, kInformational = 6;
constexpr std::size_t kMaxMessageId = 32;
constexpr std::string_view kNothing = "-";

int severity_of(const audit::EventView* event, bool is_alarm) {
  if (is_alarm) return kWarning;
  return event == nullptr || !event->error_code.empty() ? kNotice : kInformational;
}

// PRINTUSASCII of at most so many characters.
std::string_view header_field(std::string_view text, std::size_t most) {
  const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  return text.empty() || !printable ? kNothing : text.substr(0, most);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

class SyslogSink final : public audit::Sink {
 public:
  explicit SyslogSink(OutgoingStreamOptions options)
      : options_(std::move(options)), host_(host_name()), process_(std::to_string(getpid())) {}

  Status deliver(std::span<const audit::SinkEvent> events) override {
    std::string frames;
    for (const audit::SinkEvent& event : events) {
      const Result<audit::EventView> view = parser_.parse(event.line);
      frames += syslog_frame(host_, process_, view ? &*view : nullptr, view && is_alarm(*view), event.line);
    }
    if (stream_ == nullptr) {
      TRY_ASSIGN(stream_, open_outgoing_stream(options_));
    }
    Status sent = stream_->send(frames);
    if (!sent) stream_.reset();
    return sent;
  }
  bool confirms() const override { return false; }

 private:
  const OutgoingStreamOptions options_;
  const std::string host_, process_;
  audit::EventParser parser_;
  std::unique_ptr<OutgoingStream> stream_;
};

}  // namespace

std::string syslog_frame(std::string_view host, std::string_view process, const audit::EventView* event, bool is_alarm,
                         std::string_view line) {
  constexpr std::size_t kMaxHost = 255;
  const std::string message =
      fmt::format("<{}>1 {} {} kagimori {} {} - {}", 8 * kFacility + severity_of(event, is_alarm),
                  event == nullptr ? kNothing : header_field(event->time, kMaxMessageId), header_field(host, kMaxHost),
                  process, event == nullptr ? kNothing : header_field(event->operation, kMaxMessageId), line);
  return fmt::format("{} {}", message.size(), message);
}

std::unique_ptr<audit::Sink> make_syslog_sink(OutgoingStreamOptions options) {
  return std::make_unique<SyslogSink>(std::move(options));
}

}  // namespace kagimori
