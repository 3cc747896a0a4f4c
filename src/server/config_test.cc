#include "server/config.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>

#include "server/config_page.h"

namespace kagimori {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A folder that goes with the test.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string name = (fs::temp_directory_path() / "kagimori-config-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ConfigTest() override { fs::remove_all(folder_); }

  Result<Config> load(std::string_view text, Environment environment = {{"HOME", "/home/someone"}}) {
    std::ofstream(folder_ / "kagimori.toml") << text;
    return load_config(folder_ / "kagimori.toml", environment);
  }

  // The sentence of the refusal.
  std::string refusal(std::string_view text, const Environment& environment = {}) {
    const auto config = load(text, environment);
    if (config) return "accepted";
    EXPECT_EQ(config.error().code, ErrorCode::kBadConfiguration);
    return config.error().message;
  }

  fs::path folder_;
};

TEST_F(ConfigTest, EmptyFileHasTheDefaults) {
  const auto config = load("");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.data_dir, folder_.string());
  EXPECT_EQ(config->engine.region, "us-east-1");
  ASSERT_EQ(config->listeners.size(), 1U);
  EXPECT_EQ(config->listeners[0].where.host, "127.0.0.1");
  EXPECT_EQ(config->listeners[0].where.port, 8443);
  EXPECT_TRUE(config->listeners[0].tls);
  EXPECT_TRUE(config->listeners[0].serves("data"));
  EXPECT_TRUE(config->listeners[0].serves("management"));
  EXPECT_EQ(config->tls.certificate, (folder_ / "tls/server.pem").string());
  EXPECT_EQ(config->audit.folder, (folder_ / "audit").string());
  EXPECT_EQ(config->engine.quotas.keys_per_account, 100'000U);
  EXPECT_EQ(config->engine.quotas.aliases_per_key, 50U);
  EXPECT_EQ(config->engine.quotas.tags_per_key, 50U);
  EXPECT_EQ(config->engine.quotas.policy_bytes, 32'768U);
  EXPECT_EQ(config->engine.quotas.on_demand_rotations, 25U);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(ConfigTest, ReadsEveryKindOfValue) {
  const auto config = load(R"(
[server]
data_dir = "data"
workers = 3
[account]
region = "eu-west-2"
regions = ["us-east-1", "us-gov-west-1"]
[limits]
body_bytes = "2 MiB"
idle_seconds = "2m"
request_seconds = 7
[memory]
require_locked = true
[audit]
durability = "fsync"
[[listeners]]
address = "[::1]:9000"
allow = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]
planes = ["data"]
[[listeners]]
address = "unix:/run/kagimori.sock"
tls = false
[[listeners]]
address = "unix:/run/kagimori-group.sock"
socket_mode = "0660"
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.data_dir, (folder_ / "data").string());
  EXPECT_EQ(config->server.workers, 3U);
  EXPECT_EQ(config->engine.region, "eu-west-2");
  EXPECT_THAT(config->engine.all_regions(), ElementsAre("eu-west-2", "us-east-1", "us-gov-west-1"));
  EXPECT_TRUE(config->engine.serves("us-east-1") && config->engine.serves("eu-west-2"));
  EXPECT_FALSE(config->engine.serves("eu-west-1") || config->engine.serves(""));
  EXPECT_EQ(config->limits.max_body_bytes, std::size_t{2} << 20);
  EXPECT_EQ(config->limits.idle_timeout, std::chrono::seconds(120));
  EXPECT_EQ(config->limits.request_timeout, std::chrono::seconds(7));
  EXPECT_TRUE(config->memory.require_locked);
  EXPECT_EQ(config->audit.durability, "fsync");
  ASSERT_EQ(config->listeners.size(), 3U);
  EXPECT_EQ(config->listeners[0].where.host, "::1");
  EXPECT_FALSE(config->listeners[0].serves("management"));
  EXPECT_EQ(config->listeners[1].where.unix_path, "/run/kagimori.sock");
  EXPECT_EQ(config->listeners[1].unix_mode(), 0600U);
  EXPECT_EQ(config->listeners[2].unix_mode(), 0660U);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(ConfigTest, EnvironmentLiesOverTheFile) {
  const auto config = load("[account]\nregion = \"eu-west-2\"\n[limits]\nbody_bytes = 70000\n",
                           {{"KAGIMORI_ACCOUNT_REGION", "ap-south-1"},
                            {"KAGIMORI_LIMITS_IDLE_SECONDS", "90"},
                            {"KAGIMORI_HARDENING_SECCOMP", "true"},
                            {"KAGIMORI_LISTENERS_1_ADDRESS", "127.0.0.1:1"},
                            {"KAGIMORI_LISTENERS_1_PLANES", "data, management"},
                            {"KAGIMORI_LISTENERS_2_ADDRESS", "127.0.0.1:2"},
                            {"PATH", "/bin"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->engine.region, "ap-south-1");
  EXPECT_EQ(config->limits.max_body_bytes, 70'000U);
  EXPECT_EQ(config->limits.idle_timeout, std::chrono::seconds(90));
  ASSERT_EQ(config->listeners.size(), 2U);
  EXPECT_EQ(config->listeners[0].where.port, 1);
  EXPECT_THAT(config->listeners[0].planes, ElementsAre("data", "management"));
  EXPECT_EQ(config->listeners[1].where.port, 2);
}

TEST_F(ConfigTest, TenListenersFromTheEnvironmentComeInTheirOrder) {
  Environment environment;
  for (int i = 1; i <= 11; ++i) {
    environment[fmt::format("KAGIMORI_LISTENERS_{}_ADDRESS", i)] = fmt::format("127.0.0.1:{}", i);
  }
  const auto config = load("", environment);
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->listeners.size(), 11U);
  EXPECT_EQ(config->listeners[10].where.port, 11);
}

TEST_F(ConfigTest, UnknownOptionNamesTheNearest) {
  EXPECT_EQ(refusal("[limits]\nbody_byte = 1\n"),
            "kagimori.toml:2: there is no option limits.body_byte; did you mean limits.body_bytes?");
  EXPECT_THAT(refusal("[limit]\nbody_bytes = 70000\n"), HasSubstr("did you mean limits.body_bytes?"));
  EXPECT_THAT(refusal("regio = \"x\"\n"), HasSubstr("did you mean account.region?"));
  EXPECT_THAT(refusal("[[listeners]]\nadress = \"127.0.0.1:1\"\n"), HasSubstr("did you mean listeners.1.address?"));
  EXPECT_THAT(refusal("[[listener]]\naddress = \"127.0.0.1:1\"\n"), HasSubstr("did you mean listeners.1.address?"));
  EXPECT_THAT(refusal("[zzzzzzzz]\nqqqqqqqqqqqqqq = 1\n"), HasSubstr("did you mean "));
}

TEST_F(ConfigTest, UnknownVariableNamesTheNearest) {
  EXPECT_THAT(refusal("", {{"KAGIMORI_LIMIT_BODY_BYTES", "70000"}}),
              HasSubstr("did you mean KAGIMORI_LIMITS_BODY_BYTES?"));
  EXPECT_THAT(refusal("", {{"KAGIMORI_LISTENERS_1_TSL", "true"}}), HasSubstr("did you mean KAGIMORI_LISTENERS_1_TLS?"));
  EXPECT_THAT(refusal("", {{"KAGIMORI_LISTENERS_X_TLS", "true"}}), HasSubstr("did you mean KAGIMORI_LISTENERS_1_TLS?"));
  EXPECT_THAT(refusal("", {{"KAGIMORI_", ""}}), HasSubstr("no option has this environment variable"));
}

// (what the file says, what the refusal must say)
struct Refused {
  std::string_view text;
  std::string_view says;
};

class ConfigRefuses : public ConfigTest, public testing::WithParamInterface<Refused> {};

TEST_P(ConfigRefuses, WithASentence) { EXPECT_THAT(refusal(GetParam().text), HasSubstr(GetParam().says)); }

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigRefuses,
    testing::Values(
        Refused{"[limits]\nbody_bytes = true\n", "kagimori.toml:2: limits.body_bytes must be a size in bytes"},
        Refused{"[limits]\nbody_bytes = \"2 minutes\"\n", "must be a size in bytes"},
        Refused{"[limits]\nbody_bytes = \"64 KB\"\n", "(B, KiB, MiB, GiB); it is \"64 KB\"."},
        Refused{"[limits]\nbody_bytes = \"99999999999 GiB\"\n", "must be a size in bytes"},
        Refused{"[limits]\nbody_bytes = \"\"\n", "must be a size in bytes"},
        Refused{"[limits]\nbody_bytes = 12\n", "must be from 64 KiB to 64 MiB; it is 12."},
        Refused{"[limits]\nbody_bytes = -70000\n", "must be from 64 KiB"},
        Refused{"[limits]\nidle_seconds = \"1 KiB\"\n", "must be a time in whole seconds"},
        Refused{"[limits]\nidle_seconds = 0\n", "must be from 1 to 1d; it is 0."},
        Refused{"[limits]\nidle_seconds = 1.5\n", "must be a text, a whole number, true, false"},
        Refused{"[limits]\nconnections = \"5 MiB\"\n", "must be a whole number; it is \"5 MiB\"."},
        Refused{"[limits]\nconnections = 5\nconnections_per_source = 6\n", "must not exceed limits.connections (5)"},
        Refused{"[limits]\nbuffered_bytes = \"1 MiB\"\nbody_bytes = \"2 MiB\"\n",
                "must not exceed limits.buffered_bytes"},
        Refused{"[memory]\nrequire_locked = \"yes\"\n", "memory.require_locked must be true or false; it is \"yes\"."},
        Refused{"[memory]\nrequire_locked = 1\n", "must be true or false; it is 1."},
        Refused{"[audit]\ndurability = \"maybe\"\n", "must be one of write, fsync; it is \"maybe\"."},
        Refused{"[audit]\ndurability = \"write|fsync\"\n", "must be one of write, fsync"},
        Refused{"[audit]\nfolder = \"\"\n", "must not be empty"},
        Refused{"[audit]\nfolder = \"a\\u0000b\"\n", "must not hold control characters"},
        Refused{"[account]\nregion = \"EU West\"\n", "may hold only a-z, 0-9 and hyphens"},
        Refused{"[account]\nregion = \"\"\n", "must have 1 to 32 characters"},
        Refused{"[account]\nregion = [\"a\"]\n", "must be a text in quotes; it is a list."},
        Refused{"[account]\nregions = [\"EU West\"]\n", "\"EU West\" is not the name of a region"},
        Refused{"[account]\nregions = [\"nowhere\"]\n", "\"nowhere\" is not the name of a region"},
        Refused{"[account]\nregions = [\"eu-west-1\", \"eu-west-1\"]\n", "name each region once"},
        Refused{"[account]\nregions = [\"us-east-1\"]\n", "the one of account.region not at all"},
        Refused{"[account\n", "kagimori.toml:1: this is not TOML"},
        Refused{"[account]\nregion = \"a\"\nregion = \"b\"\n", "kagimori.toml:3: this is not TOML"},
        Refused{"[account]\nregion = 1979-05-27\n", "must be a text, a whole number, true, false"},
        Refused{"[limits.body_bytes]\nx = 1\n", "there is no option limits.body_bytes.x"}));

INSTANTIATE_TEST_SUITE_P(
    Listeners, ConfigRefuses,
    testing::Values(
        Refused{"[[listeners]]\naddress = \"127.0.0.1\"\n", "listeners.1: \"127.0.0.1\" has no port"},
        Refused{"[[listeners]]\naddress = \"localhost:8443\"\n", "write 127.0.0.1 for localhost"},
        Refused{"[[listeners]]\naddress = \"::1:8443\"\n", "an IPv6 address in brackets"},
        Refused{"[[listeners]]\naddress = \"[127.0.0.1]:8443\"\n", "is not a numeric address"},
        Refused{"[[listeners]]\naddress = \"127.0.0.1:65536\"\n", "is not a port"},
        Refused{"[[listeners]]\naddress = \"127.0.0.1:\"\n", "is not a port"},
        Refused{"[[listeners]]\naddress = \"127.0.0.1:-1\"\n", "is not a port"},
        Refused{"[[listeners]]\naddress = \"unix:kagimori.sock\"\n", "must be absolute"},
        Refused{"[[listeners]]\naddress = \"0.0.0.0:80\"\ntls = false\n",
                "plain HTTP is allowed on a loopback address only"},
        Refused{"[[listeners]]\naddress = \"[::]:80\"\ntls = false\n",
                "plain HTTP is allowed on a loopback address only"},
        Refused{"[[listeners]]\nallow = [\"10.0.0.1/8\"]\n", "the address has bits set behind the prefix"},
        Refused{"[[listeners]]\nallow = [\"10.0.0.0/33\"]\n", "behind the slash goes the number of bits"},
        Refused{"[[listeners]]\nallow = [\"10.0.0.0/\"]\n", "behind the slash goes the number of bits"},
        Refused{"[[listeners]]\nallow = [\"ten\"]\n", "\"ten\" is not "},
        Refused{"[[listeners]]\naddress = \"unix:/k.sock\"\nallow = [\"10.0.0.0/8\"]\n", "a Unix socket"},
        Refused{"[[listeners]]\naddress = \"unix:/k.sock\"\nallow = [\"10.0.0.0/8\"]\n",
                "socket_mode says who may open the socket"},
        Refused{"[[listeners]]\nsocket_mode = \"0600\"\n", "a TCP address has none"},
        Refused{"[[listeners]]\naddress = \"unix:/k.sock\"\nsocket_mode = \"0777\"\n",
                "must be one of 0600, 0660, 0666; it is \"0777\""},
        Refused{"[[listeners]]\naddress = \"unix:/k.sock\"\nsocket_mode = \"\"\n", "must be one of 0600, 0660, 0666"},
        Refused{"[[listeners]]\naddress = \"unix:/k.sock\"\nsocket_mode = 600\n", "listeners.1.socket_mode must be"},
        Refused{"[[listeners]]\nallow = [1]\n", "must be a list of texts"},
        Refused{"[[listeners]]\nplanes = []\n", "at least one of"},
        Refused{"[[listeners]]\nplanes = [\"control\"]\n", "\"control\" is not a plane"},
        Refused{"[[listeners]]\naddress = \"127.0.0.1:1\"\n[[listeners]]\naddress = \"127.0.0.1:1\"\n",
                "listeners.2: 127.0.0.1:1 is the address of an earlier listener already"}));

TEST_F(ConfigTest, EnvironmentCannotLeaveAGapInTheListeners) {
  EXPECT_THAT(refusal("", {{"KAGIMORI_LISTENERS_2_TLS", "true"}}), HasSubstr("numbered from 1 without a gap"));
  EXPECT_THAT(refusal("", {{"KAGIMORI_LISTENERS_0_TLS", "true"}}), HasSubstr("numbered from 1 without a gap"));
}

TEST_F(ConfigTest, MissingFileSaysHowToMakeOne) {
  const auto config = load_config(folder_ / "none.toml", {});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, AllOf(HasSubstr("No such file"), HasSubstr("kagimori init")));
}

TEST_F(ConfigTest, PlainHttpOnLoopbackAndTestModeWarn) {
  const auto config = load("[server]\ntest_mode = true\n[[listeners]]\naddress = \"127.0.0.1:80\"\ntls = false\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("plain HTTP"), HasSubstr("TEST MODE")));
}

TEST_F(ConfigTest, KeyFileIsNeverInTheDataFolder) {
  EXPECT_THAT(refusal("[seal]\nkey_file = \"root.key\"\n"), HasSubstr("lies in the data folder"));
  EXPECT_THAT(refusal("[seal]\nkey_file = \"x/../y/root.key\"\n"), HasSubstr("lies in the data folder"));
  fs::create_directory(folder_ / "data");
  fs::create_directory_symlink(folder_ / "data", folder_ / "link");
  EXPECT_THAT(refusal("[server]\ndata_dir = \"data\"\n[seal]\nkey_file = \"link/root.key\"\n"),
              HasSubstr("lies in the data folder"));
}

TEST_F(ConfigTest, KeyFileBesideTheDataFolderIsTaken) {
  const auto config = load("[server]\ndata_dir = \"data\"\n[seal]\nkey_file = \"data2/root.key\"\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(root_key_file(*config, "id").value(), folder_ / "data2/root.key");
}

TEST_F(ConfigTest, KeyFileIsNamedAfterTheStoreByDefault) {
  EXPECT_EQ(root_key_file(load("").value(), "abc").value(), "/home/someone/.config/kagimori/abc.key");
  const Environment xdg{{"HOME", "/home/someone"}, {"XDG_CONFIG_HOME", "/etc/xdg"}};
  EXPECT_EQ(root_key_file(load("", xdg).value(), "abc").value(), "/etc/xdg/kagimori/abc.key");
  const Environment relative{{"HOME", "/home/someone"}, {"XDG_CONFIG_HOME", "xdg"}};
  EXPECT_EQ(root_key_file(load("", relative).value(), "abc").value(), "/home/someone/.config/kagimori/abc.key");
}

TEST_F(ConfigTest, DefaultKeyFileIsRefusedWhereItWouldBeInTheDataFolderOrNowhere) {
  const auto inside = root_key_file(load("", {{"XDG_CONFIG_HOME", (folder_ / "conf").string()}}).value(), "abc");
  ASSERT_FALSE(inside);
  EXPECT_THAT(inside.error().message, HasSubstr("lies in the data folder"));
  const auto nowhere = root_key_file(load("", {{"PATH", "/bin"}}).value(), "abc");
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("set seal.key_file"));
}

TEST_F(ConfigTest, StarterConfigurationLoads) {
  const auto config = load(starter_configuration(9443, "eu-north-1"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->engine.region, "eu-north-1");
  EXPECT_EQ(config->listeners[0].where.port, 9443);
  EXPECT_TRUE(config->listeners[0].tls);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(Environment, SkipsEntriesWithoutEqualsSign) {
  const char* const entries[] = {"A=b=c", "nonsense", "EMPTY=", nullptr};
  EXPECT_EQ(environment_of(entries), (Environment{{"A", "b=c"}, {"EMPTY", ""}}));
  EXPECT_TRUE(environment_of(nullptr).empty());
}

}  // namespace
}  // namespace kagimori
