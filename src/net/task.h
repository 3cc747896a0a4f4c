#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace kagimori {

// A function to be called once or often, as std::function, but it may own what can't be copied (unique_ptr,
// SecretBytes) and keeps up to kInlineSize bytes of captures without an allocation. Called only while it is not empty.
class Task {
 public:
  static constexpr std::size_t kInlineSize = 64;

  Task() = default;
  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Task> && std::is_invocable_v<std::remove_cvref_t<F>&>)
  Task(F&& function) {  // NOLINT(google-explicit-constructor): a lambda is meant to become a Task
    using Function = std::remove_cvref_t<F>;
    if constexpr (fits_inline<Function>()) {
      new (storage_) Function(std::forward<F>(function));
      operations_ = &kInline<Function>;
    } else {
      new (storage_) Function*(new Function(std::forward<F>(function)));
      operations_ = &kOnHeap<Function>;
    }
  }
  Task(Task&& other) noexcept { take(other); }
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { reset(); }

  explicit operator bool() const { return operations_ != nullptr; }
  void operator()() { operations_->call(storage_); }

 private:
  struct Operations {
    void (*call)(void*);
    void (*move)(void* from, void* to);  // leaves `from` destroyed
    void (*destroy)(void*);
  };

  template <typename F>
  static constexpr bool fits_inline() {
    return sizeof(F) <= kInlineSize && alignof(F) <= alignof(std::max_align_t) &&
           std::is_nothrow_move_constructible_v<F>;
  }
  template <typename F>
  static F* as(void* storage) {
    return std::launder(static_cast<F*>(storage));
  }
  template <typename F>
  static constexpr Operations kInline = {
      [](void* self) { (*as<F>(self))(); },
      [](void* from, void* to) {
        new (to) F(std::move(*as<F>(from)));
        as<F>(from)->~F();
      },
      [](void* self) { as<F>(self)->~F(); },
  };
  template <typename F>
  static constexpr Operations kOnHeap = {
      [](void* self) { (**as<F*>(self))(); },
      [](void* from, void* to) { new (to) F*(*as<F*>(from)); },
      [](void* self) { delete *as<F*>(self); },
  };

  void take(Task& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(other.storage_, storage_);
  }
  void reset() {
    if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(storage_);
  }

  const Operations* operations_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[kInlineSize];
};

}  // namespace kagimori
