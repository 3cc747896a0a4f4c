#include "net/outgoing_stream.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <array>

namespace kagimori {
namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using Clock = std::chrono::steady_clock;

Error stream_error(const OutgoingStreamOptions& options, std::string_view what) {
  return {ErrorCode::kIo, fmt::format("{}: {}", options.host_and_port, what)};
}

// libcurl connects, with TLS where it is wanted, and leaves the rest to its caller (CURLOPT_CONNECT_ONLY).
class CurlStream final : public OutgoingStream {
 public:
  explicit CurlStream(const OutgoingStreamOptions& options) : options_(options) {}

  Status connect() {
    easy_.reset(curl_easy_init());
    CURL* const easy = easy_.get();
    if (easy == nullptr) return fail(stream_error(options_, "there is no memory left."));
    const std::string url = (options_.tls ? "https://" : "http://") + options_.host_and_port;
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.limit.count()));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (!options_.certificates.empty()) {
      // libcurl only reads the blob.
      curl_blob blob{const_cast<char*>(options_.certificates.data()), options_.certificates.size(), CURL_BLOB_NOCOPY};
      curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
    const CURLcode done = curl_easy_perform(easy);
    if (done != CURLE_OK) return fail(stream_error(options_, std::string(curl_easy_strerror(done)) + "."));
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket_);
    return {};
  }

  Status send(std::string_view bytes) override {
    const auto end = Clock::now() + options_.limit;
    TRY(look_for_the_end());
    while (!bytes.empty()) {
      std::size_t sent = 0;
      const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
      bytes.remove_prefix(sent);
      if (code == CURLE_OK) continue;
      if (code != CURLE_AGAIN) return fail(stream_error(options_, "the connection was closed."));
      TRY(wait_until_writable(end));
    }
    return {};
  }

 private:
  // A peer that has closed would still let the kernel take a first send. What it says is not asked for: one that goes
  // on and on holds nobody up.
  Status look_for_the_end() {
    constexpr int kMostReads = 16;
    std::array<char, 4096> ignored{};
    for (int i = 0; i < kMostReads; ++i) {
      std::size_t size = 0;
      const CURLcode code = curl_easy_recv(easy_.get(), ignored.data(), ignored.size(), &size);
      if (code == CURLE_AGAIN) return {};
      if (code != CURLE_OK || size == 0) return fail(stream_error(options_, "the connection was closed."));
    }
    return {};
  }

  Status wait_until_writable(Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    pollfd waiting{socket_, POLLOUT, 0};
    if (left.count() > 0 && poll(&waiting, 1, static_cast<int>(left.count())) > 0) return {};
    return fail(stream_error(options_, "nothing is taken in any more."));
  }

  const OutgoingStreamOptions options_;
  Easy easy_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
};

}  // namespace

Result<std::unique_ptr<OutgoingStream>> open_outgoing_stream(const OutgoingStreamOptions& options) {
  auto stream = std::make_unique<CurlStream>(options);
  TRY(stream->connect());
  return std::unique_ptr<OutgoingStream>(std::move(stream));
}

}  // namespace kagimori
