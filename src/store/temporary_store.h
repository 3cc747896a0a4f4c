#pragma once

#include <filesystem>

#include "store/sqlite_store.h"

namespace kagimori {

// A fresh SQLite store in a folder of its own for the tests of the floors above: in memory (/dev/shm) where there is
// such a place, else in the system's temporary folder. The folder goes with the object. Stops the process when it
// can't be made, so that a test need not ask.
class TemporaryStore {
 public:
  TemporaryStore();
  ~TemporaryStore();
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;

  Store& operator*() const { return *store_; }
  Store* operator->() const { return store_.get(); }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path() const { return folder_ / "store.db"; }

  // Closes the store and opens it again, as a restart does.
  void reopen();
  void close() { store_.reset(); }

 private:
  void open(bool create);

  std::filesystem::path folder_;
  std::unique_ptr<Store> store_;
};

}  // namespace kagimori
