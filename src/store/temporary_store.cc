#include "store/temporary_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace kagimori {
namespace {

std::filesystem::path make_folder() {
  const std::filesystem::path memory = "/dev/shm";
  const bool usable = ::access(memory.c_str(), W_OK) == 0;
  std::string name = ((usable ? memory : std::filesystem::temp_directory_path()) / "kagimori-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fmt::print(stderr, "no temporary folder can be made: {}\n", name);
    std::abort();
  }
  return name;
}

}  // namespace

TemporaryStore::TemporaryStore() : folder_(make_folder()) { open(true); }

TemporaryStore::~TemporaryStore() {
  close();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TemporaryStore::reopen() {
  close();
  open(false);
}

void TemporaryStore::open(bool create) {
  auto store = open_sqlite_store({.path = path(), .create = create});
  if (!store) {
    fmt::print(stderr, "the temporary store can't be opened: {}\n", store.error().message);
    std::abort();
  }
  store_ = *std::move(store);
}

}  // namespace kagimori
