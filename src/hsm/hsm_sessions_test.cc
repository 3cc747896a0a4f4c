#include "hsm/hsm_sessions.h"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "hsm/softhsm_test.h"

namespace kagimori {
namespace {

constexpr std::string_view kCluster = "cluster-abcdefghijk";

// The processes whose name is this and whose ancestor we are.
std::vector<pid_t> processes(std::string_view name) {
  std::vector<std::pair<pid_t, pid_t>> all;  // child, parent
  std::vector<pid_t> named;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string line;
    if (!std::getline(stat, line)) continue;
    const auto open = line.find('('), close = line.rfind(')');
    if (open == std::string::npos || close == std::string::npos) continue;
    const pid_t pid = std::stoi(line);
    all.emplace_back(pid, std::stoi(line.substr(close + 4)));
    if (line.substr(open + 1, close - open - 1) == name) named.push_back(pid);
  }
  std::erase_if(named, [&](pid_t pid) {
    while (pid > 1 && pid != getpid()) {
      const auto found = std::find_if(all.begin(), all.end(), [pid](const auto& row) { return row.first == pid; });
      pid = found == all.end() ? 0 : found->second;
    }
    return pid != getpid();
  });
  return named;
}

class HsmSessionsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!SoftHsm::is_installed()) GTEST_SKIP() << "SoftHSM 2 (package softhsm2) is not installed";
    hsm_.emplace();
    start(hsm_->cluster());
  }
  void start(HsmClusterOptions options) {
    auto made = make_hsm_sessions({std::move(options)});
    ASSERT_TRUE(made.has_value());
    clusters_ = *std::move(made);
  }

  Bytes seal(std::string_view plaintext, std::string_view aad = "context") {
    const auto sealed = clusters_->encrypt(kCluster, password_, id_, as_bytes(aad), as_bytes(plaintext));
    EXPECT_TRUE(sealed.has_value());
    return sealed ? *sealed : Bytes();
  }
  std::string open(const Bytes& sealed, std::string_view aad = "context") {
    const auto opened = clusters_->decrypt(kCluster, password_, id_, as_bytes(aad), sealed);
    return opened ? std::string(as_text(opened->expose()))
                  : "fault " + std::to_string(static_cast<int>(opened.error()));
  }
  static std::string fault(HsmFault what) { return "fault " + std::to_string(static_cast<int>(what)); }

  std::optional<SoftHsm> hsm_;
  std::unique_ptr<HsmClusters> clusters_;
  SecretBytes password_ = SecretBytes::copy_of(as_bytes(SoftHsm::kPassword));
  Bytes id_ = Bytes(kHsmKeyIdSize, 7);
};

TEST_F(HsmSessionsTest, AKeyIsMadeUsedAndDestroyed) {
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "a label").has_value());
  const Bytes sealed = seal("plaintext");
  EXPECT_EQ(sealed.size(), kHsmIvSize + 9 + kHsmTagSize);
  EXPECT_NE(seal("plaintext"), sealed);
  EXPECT_EQ(open(sealed), "plaintext");
  ASSERT_TRUE(clusters_->destroy_key(kCluster, password_, id_).has_value());
  EXPECT_EQ(open(sealed), fault(HsmFault::kKeyNotFound));
  EXPECT_TRUE(clusters_->destroy_key(kCluster, password_, id_).has_value());
}

TEST_F(HsmSessionsTest, MakingAKeyAgainKeepsIt) {
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "a label").has_value());
  const Bytes sealed = seal("plaintext");
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "a label").has_value());
  EXPECT_EQ(open(sealed), "plaintext");
}

TEST_F(HsmSessionsTest, WhatIsNotWhatTheKeySealedIsInvalid) {
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "").has_value());
  const Bytes sealed = seal("plaintext");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_EQ(open(changed), fault(HsmFault::kInvalidCiphertext)) << i;
  }
  EXPECT_EQ(open(sealed, "another"), fault(HsmFault::kInvalidCiphertext));
  EXPECT_EQ(open(Bytes(sealed.begin(), sealed.begin() + 20)), fault(HsmFault::kInvalidCiphertext));
  EXPECT_EQ(open(sealed), "plaintext");
  EXPECT_EQ(processes("kagimori-hsm").size(), 1);  // the same session served all of it
}

TEST_F(HsmSessionsTest, AWrongPasswordIsRefusedAndNotTriedAgain) {
  const SecretBytes wrong = SecretBytes::copy_of(as_bytes("wrong horse"));
  EXPECT_EQ(clusters_->log_in(kCluster, wrong).error(), HsmFault::kInvalidCredential);
  const std::size_t hosts = processes("kagimori-hsm").size();
  EXPECT_EQ(clusters_->random(kCluster, wrong, 16).error(), HsmFault::kInvalidCredential);
  EXPECT_EQ(processes("kagimori-hsm").size(), hosts);
  EXPECT_TRUE(clusters_->log_in(kCluster, password_).has_value());
  EXPECT_TRUE(clusters_->random(kCluster, password_, 16).has_value());
}

TEST_F(HsmSessionsTest, AnUnknownClusterAndAMissingTokenAreTold) {
  EXPECT_EQ(clusters_->log_in("cluster-zzzzzzzzzzz", password_).error(), HsmFault::kUnknownCluster);
  EXPECT_TRUE(clusters_->trust_anchor("cluster-zzzzzzzzzzz").empty());
  EXPECT_EQ(as_text(clusters_->trust_anchor(kCluster)), "certificate");
  HsmClusterOptions options = hsm_->cluster();
  options.token_label = "attic";
  start(options);
  EXPECT_EQ(clusters_->log_in(kCluster, password_).error(), HsmFault::kUnreachable);
  options.module = "/nowhere/module.so";
  start(options);
  EXPECT_EQ(clusters_->log_in(kCluster, password_).error(), HsmFault::kUnreachable);
  options.module = "/lib/x86_64-linux-gnu/libm.so.6";
  start(options);
  EXPECT_EQ(clusters_->log_in(kCluster, password_).error(), HsmFault::kUnreachable);
}

TEST_F(HsmSessionsTest, AKilledSessionIsReplaced) {
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "").has_value());
  const Bytes sealed = seal("plaintext");
  for (int i = 0; i < 3; ++i) {
    for (const pid_t pid : processes("kagimori-hsm")) kill(pid, SIGKILL);
    EXPECT_EQ(open(sealed), "plaintext");
  }
}

TEST_F(HsmSessionsTest, AModuleThatHangsIsBrokenOff) {
  HsmClusterOptions options = hsm_->cluster();
  options.limit = std::chrono::milliseconds{1'500};
  start(options);
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "").has_value());
  const Bytes sealed = seal("plaintext");
  const auto hosts = processes("kagimori-hsm");
  ASSERT_EQ(hosts.size(), 1);
  kill(hosts[0], SIGSTOP);
  EXPECT_EQ(open(sealed), fault(HsmFault::kTimedOut));
  std::this_thread::sleep_for(std::chrono::milliseconds{200});  // the pause after a failure
  EXPECT_EQ(open(sealed), "plaintext");
  kill(hosts[0], SIGKILL);
}

TEST_F(HsmSessionsTest, ManyThreadsShareTheSessions) {
  ASSERT_TRUE(clusters_->generate_key(kCluster, password_, id_, "").has_value());
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string text = std::to_string(t) + " " + std::to_string(i);
        EXPECT_EQ(open(seal(text)), text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(processes("kagimori-hsm").size(), hsm_->cluster().sessions);
}

TEST_F(HsmSessionsTest, LoggingOutEndsTheHosts) {
  ASSERT_TRUE(clusters_->log_in(kCluster, password_).has_value());
  EXPECT_EQ(processes("kagimori-hsm").size(), 1);
  clusters_->log_out(kCluster);
  while (!processes("kagimori-hsm").empty()) std::this_thread::yield();
  EXPECT_EQ(clusters_->random(kCluster, password_, 1024)->size(), 1024);
}

}  // namespace
}  // namespace kagimori
