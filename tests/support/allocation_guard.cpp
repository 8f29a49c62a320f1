// SPDX-License-Identifier: Apache-2.0
#include "allocation_guard.hpp"

#include <cstdint>
#include <cstdlib>
#include <new>

namespace kvfolio::test {
namespace {

// Of one thread: googletest and the library use no other here.
allocation_counts counts;
std::size_t allowed = SIZE_MAX;  // allocations that succeed before all others fail

void* take(std::size_t bytes, std::size_t alignment) noexcept {
  ++counts.attempts;
  if (allowed == 0) return nullptr;
  if (allowed != SIZE_MAX) --allowed;
  const auto rounded = (bytes + alignment - 1) / alignment * alignment;
  if (rounded < bytes) return nullptr;
  void* const block = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (block != nullptr) ++counts.live;
  return block;
}
void* take_or_throw(std::size_t bytes, std::size_t alignment) {
  if (void* const block = take(bytes, alignment)) return block;
  throw std::bad_alloc{};
}
void give_back(void* block) noexcept {
  if (block == nullptr) return;
  --counts.live;
  std::free(block);
}
constexpr std::size_t usual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

allocation_counts allocations() noexcept {
  return counts;
}
void allow_allocations(std::size_t number) noexcept {
  allowed = number;
}
void allow_all_allocations() noexcept {
  allowed = SIZE_MAX;
}

}  // namespace kvfolio::test

using kvfolio::test::give_back;
using kvfolio::test::take;
using kvfolio::test::take_or_throw;
using kvfolio::test::usual;

// Every form: what the library calls is not the test's business.
void* operator new(std::size_t n) {
  return take_or_throw(n, usual);
}
void* operator new[](std::size_t n) {
  return take_or_throw(n, usual);
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return take(n, usual);
}
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return take(n, usual);
}
void* operator new(std::size_t n, std::align_val_t a) {
  return take_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return take_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return take(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return take(n, static_cast<std::size_t>(a));
}
void operator delete(void* block) noexcept {
  give_back(block);
}
void operator delete[](void* block) noexcept {
  give_back(block);
}
void operator delete(void* block, std::size_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  give_back(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
  give_back(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  give_back(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  give_back(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  give_back(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  give_back(block);
}
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  give_back(block);
}
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  give_back(block);
}
