#include "net/curl_http.h"

#include <curl/curl.h>

#include <map>
#include <mutex>

#include "net/trusted_certificates.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 10;
constexpr std::size_t kMaxIdle = 32;  // kept connections of one name
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

// False when memory is out.
bool add_line(List& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(list.release());
  list.reset(longer);
  return true;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size > kMaxAnswer) return 0;
  body.append(data, size);
  return size;
}

OutgoingAnswer::Failure failure_of(CURLcode code) {
  using enum OutgoingAnswer::Failure;
  switch (code) {
    case CURLE_OK:
      return kNone;
    case CURLE_OPERATION_TIMEDOUT:
      return kTimedOut;
    case CURLE_WRITE_ERROR:
      return kTooLarge;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return kTls;
    default:
      return kUnreachable;
  }
}

class CurlHttp final : public OutgoingHttp {
 public:
  CurlHttp(std::string bundle, List connect_to) : bundle_(std::move(bundle)), connect_to_(std::move(connect_to)) {}

  OutgoingAnswer post(const OutgoingRequest& request) override {
    OutgoingAnswer answer;
    Easy easy = take(request.connections);
    List headers;
    bool ready = easy != nullptr && add_line(headers, "Expect:");
    for (const std::string& line : request.headers) ready = ready && add_line(headers, line);
    if (!ready) {
      answer.failure = OutgoingAnswer::Failure::kUnreachable;
      return answer;
    }
    CURL* const handle = easy.get();
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.limit.count()));
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);
    answer.failure = failure_of(curl_easy_perform(handle));
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer.status);
    give_back(request.connections, std::move(easy));
    return answer;
  }

  void forget(const std::string& connections) override {
    const std::lock_guard lock(mutex_);
    idle_.erase(connections);
  }

 private:
  Easy take(const std::string& connections) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = idle_.find(connections);
      if (found != idle_.end() && !found->second.empty()) {
        Easy easy = std::move(found->second.back());
        found->second.pop_back();
        return easy;
      }
    }
    return make();
  }

  void give_back(const std::string& connections, Easy easy) {
    const std::lock_guard lock(mutex_);
    std::vector<Easy>& idle = idle_[connections];
    if (idle.size() < kMaxIdle) idle.push_back(std::move(easy));
  }

  Easy make() {
    Easy easy(curl_easy_init());
    CURL* const handle = easy.get();
    if (handle == nullptr) return easy;
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");  // what the environment says is for programs of people
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    if (connect_to_ != nullptr) curl_easy_setopt(handle, CURLOPT_CONNECT_TO, connect_to_.get());
    if (!bundle_.empty()) {
      curl_blob blob{bundle_.data(), bundle_.size(), CURL_BLOB_NOCOPY};
      curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob);
    }
    return easy;
  }

  std::string bundle_;
  const List connect_to_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Easy>> idle_;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<OutgoingHttp>> make_curl_http(const CurlHttpOptions& options) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(ErrorCode::kBadConfiguration, "libcurl, which talks to other servers, can't be started.");
  }
  TRY_ASSIGN(std::string bundle, trusted_certificates(options.ca_file, options.ca_option));
  List connect_to;
  for (const std::string& line : options.connect_to) {
    if (!add_line(connect_to, line)) return fail(ErrorCode::kInternal, "There is no memory left.");
  }
  return std::make_unique<CurlHttp>(std::move(bundle), std::move(connect_to));
}

}  // namespace kagimori
