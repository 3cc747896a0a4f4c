// Once a keep-alive connection runs, a request costs no allocation of ours.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "net/test_server.h"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

#ifndef KAGIMORI_SANITIZED  // the sanitizers have their own
// Counts on the thread that allocates; in this test program only. Not inlined: g++ would see free() meet new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace kagimori {
namespace {

class CountingHandler final : public HttpHandler {
 public:
  CountingHandler(HttpWorker& worker, std::vector<std::size_t>& counts) : worker_(worker), counts_(counts) {}
  void on_request(const HttpRequest&, ResponseToken token) override {
    counts_.push_back(allocations);  // reserved, so it does not count itself
    worker_.respond(token, {.content_type = "text/plain", .body = "ok"});
  }

 private:
  HttpWorker& worker_;
  std::vector<std::size_t>& counts_;
};

TEST(HttpAllocationTest, NoneInSteadyState) {
#ifdef KAGIMORI_SANITIZED
  GTEST_SKIP() << "Allocations are counted in builds without sanitizers only.";
#endif
  TestServer test;
  std::vector<std::size_t> counts;
  counts.reserve(1000);
  test.server = HttpServer::start(std::move(test.config), [&](HttpWorker& w) -> Result<std::unique_ptr<HttpHandler>> {
                  return std::make_unique<CountingHandler>(w, counts);
                }).value();
  TestClient client(test.address());
  for (int i = 0; i < 20; ++i) ASSERT_EQ(client.ask(post("/", std::string(500, 'x'))).status, 200);
  test.stop();
  ASSERT_EQ(counts.size(), 20U);
  EXPECT_GT(counts.front(), 0U);
  EXPECT_EQ(counts.back() - counts[5], 0U);
}

}  // namespace
}  // namespace kagimori
