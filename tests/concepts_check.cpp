// SPDX-License-Identifier: Apache-2.0
// Archetypes satisfy a concept and nothing more; near misses lack exactly one requirement.
// Compiled, never linked: next to nothing here is defined.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <kvfolio/hybrid_cache.hpp>
#include <kvfolio/threads.hpp>

namespace kvfolio::test {

struct memory_archetype {
  static constexpr std::size_t alignment = 1;
  static constexpr bool host_accessible = true;
  memory_archetype(memory_archetype&&) noexcept;
  memory_archetype& operator=(memory_archetype&&) noexcept;
  ~memory_archetype();
  result<std::span<std::byte>> allocate(std::size_t) noexcept;
  void deallocate(std::span<std::byte>) noexcept;
};
struct throwing_memory : memory_archetype {
  result<std::span<std::byte>> allocate(std::size_t);
};
struct pointer_memory : memory_archetype {
  void* allocate(std::size_t) noexcept;
};
struct unaligned_memory : memory_archetype {
  void alignment() const;
};
struct changing_memory : memory_archetype {
  static bool host_accessible;
};
static_assert(memory_source<memory_archetype> && host_memory<memory_archetype>);
static_assert(!memory_source<throwing_memory>);
static_assert(!memory_source<pointer_memory>);
static_assert(!memory_source<unaligned_memory>);
static_assert(!memory_source<changing_memory>);
static_assert(memory_source<memory::limiting<memory_archetype>>);
static_assert(memory_source<memory::statistics<memory_archetype>>);

struct allocator_archetype {
  allocator_archetype(page_id, page_id);
  allocator_archetype(allocator_archetype&&) noexcept;
  allocator_archetype& operator=(allocator_archetype&&) noexcept;
  ~allocator_archetype();
  std::optional<page_id> allocate() noexcept;
  void release(page_id, page_history) noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  template <class Visit>
  void for_each(Visit&&) const {}  // defined, because it is called with types without linkage
};
struct forgetful_allocator : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  void release(page_id) noexcept;  // without the history
};
struct secretive_allocator : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  void for_each() const;
};
struct throwing_allocator : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  std::optional<page_id> allocate();
};
struct counted_allocator : allocator_archetype {
  explicit counted_allocator(std::size_t);  // not from a range
};
static_assert(page_allocator<allocator_archetype>);
static_assert(!page_allocator<forgetful_allocator>);
static_assert(!page_allocator<secretive_allocator>);
static_assert(!page_allocator<throwing_allocator>);
static_assert(!page_allocator<counted_allocator>);

struct run_archetype : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  std::optional<page_run> allocate_run(std::uint32_t) noexcept;
  void release_run(page_run, page_history) noexcept;
};
struct half_run_allocator : allocator_archetype {  // and who takes the runs back?
  using allocator_archetype::allocator_archetype;
  std::optional<page_run> allocate_run(std::uint32_t) noexcept;
};
struct sized_archetype : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  result<void> resize(page_id);
};
struct unrefusing_allocator : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  void resize(page_id);
};
struct checking_archetype : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  [[nodiscard]] bool is_out(page_id) const noexcept;
};
struct changing_check : allocator_archetype {
  using allocator_archetype::allocator_archetype;
  bool is_out(page_id) noexcept;
};
static_assert(run_allocator<run_archetype> && !run_allocator<allocator_archetype>);
static_assert(page_allocator<half_run_allocator> && !run_allocator<half_run_allocator>);
static_assert(resizable_allocator<sized_archetype> && !resizable_allocator<unrefusing_allocator>);
static_assert(checking_allocator<checking_archetype> && !checking_allocator<changing_check>);

struct watch_archetype {
  static constexpr bool sees_every_user = false;
  watch_archetype();
  watch_archetype(watch_archetype&&) noexcept;
  watch_archetype& operator=(watch_archetype&&) noexcept;
  ~watch_archetype();
  [[nodiscard]] std::size_t allowance() const noexcept;
  void taken(page_run) noexcept;
  void refused(std::uint32_t) noexcept;
  void returning(page_run, page_history) noexcept;
  void make_room(page_id);
};
struct throwing_watch : watch_archetype {
  void taken(page_run);
};
struct supervising_watch : watch_archetype {
  static constexpr bool sees_every_user = true;
};
static_assert(page_watch<watch_archetype> && !page_watch<throwing_watch>);
static_assert(supervising_allocator<page::watched<allocator_archetype, supervising_watch>>);
static_assert(!supervising_allocator<page::watched<allocator_archetype, watch_archetype>>);
static_assert(run_allocator<page::watched<run_archetype, watch_archetype>>);
static_assert(!run_allocator<page::watched<allocator_archetype, watch_archetype>>);
static_assert(page_allocator<page::tracking<allocator_archetype>>);

struct order_archetype {
  static free_end end(page_history) noexcept;
};
struct throwing_order {
  static free_end end(page_history);
};
static_assert(free_order<order_archetype> && !free_order<throwing_order>);

struct rule_archetype {
  [[nodiscard]] std::size_t first_needed(std::size_t) const noexcept;
  [[nodiscard]] std::size_t sinks() const noexcept;
  [[nodiscard]] std::size_t reach() const noexcept;
  [[nodiscard]] std::uint32_t interval() const noexcept;
};
struct throwing_rule : rule_archetype {
  [[nodiscard]] std::size_t first_needed(std::size_t) const;
};
struct changing_rule : rule_archetype {
  [[nodiscard]] std::size_t first_needed(std::size_t) noexcept;
};
struct endless_rule : rule_archetype {
  void reach() const noexcept;
};
struct pinned_rule : rule_archetype {
  pinned_rule(const pinned_rule&) = delete;
  pinned_rule& operator=(const pinned_rule&) = delete;
};
static_assert(group_rule<rule_archetype>);
static_assert(!group_rule<throwing_rule>);
static_assert(!group_rule<changing_rule>);
static_assert(!group_rule<endless_rule>);
static_assert(!group_rule<pinned_rule>);

struct counter_archetype {
  void start() noexcept;
  bool acquire() noexcept;
  bool release() noexcept;
  [[nodiscard]] bool idle() const noexcept;
  [[nodiscard]] bool unique() const noexcept;
  [[nodiscard]] std::uint32_t count() const noexcept;
  counter_archetype();
  counter_archetype(const counter_archetype&) = delete;  // as an atomic one is
  counter_archetype& operator=(const counter_archetype&) = delete;
  ~counter_archetype();
};
struct silent_counter : counter_archetype {
  void release() noexcept;
};
struct wide_counter : counter_archetype {
  [[nodiscard]] std::size_t count() const noexcept;
};
static_assert(reference_counter<counter_archetype>);
static_assert(!reference_counter<silent_counter>);
static_assert(!reference_counter<wide_counter>);

struct table_archetype {
  table_archetype(std::size_t, std::size_t);
  table_archetype(table_archetype&&) noexcept;
  table_archetype& operator=(table_archetype&&) noexcept;
  ~table_archetype();
  [[nodiscard]] std::size_t size(std::size_t) const noexcept;
  [[nodiscard]] page_id at(std::size_t, std::size_t) const noexcept;
  [[nodiscard]] page_id back(std::size_t) const noexcept;
  void push_back(std::size_t, page_id) noexcept;
  void replace(std::size_t, std::size_t, page_id) noexcept;
  void truncate(std::size_t, std::size_t) noexcept;
  void fork(std::size_t, std::size_t) noexcept;
  void export_to(std::size_t, std::span<std::int32_t>) const noexcept;
};
struct viewed_table : table_archetype {
  using table_archetype::table_archetype;
  [[nodiscard]] std::span<const page_id> view(std::size_t) const noexcept;
};
struct without_fork : table_archetype {
  using table_archetype::table_archetype;
  void fork(std::size_t, std::size_t) = delete;
};
struct throwing_table : table_archetype {
  using table_archetype::table_archetype;
  void push_back(std::size_t, page_id);
};
struct mutable_table : table_archetype {
  using table_archetype::table_archetype;
  page_id at(std::size_t, std::size_t) noexcept;
};
static_assert(page_table<table_archetype> && !contiguous_page_table<table_archetype>);
static_assert(contiguous_page_table<viewed_table>);
static_assert(!page_table<without_fork>);
static_assert(!page_table<throwing_table>);
static_assert(!page_table<mutable_table>);

struct partial_table : table_archetype {
  using table_archetype::table_archetype;
  void export_part(std::size_t, std::size_t, std::span<std::int32_t>) const noexcept;
};
struct sparse_table : table_archetype {
  using table_archetype::table_archetype;
  void punch(std::size_t, std::size_t, std::size_t) noexcept;
  void push_holes(std::size_t, std::size_t) noexcept;
  [[nodiscard]] std::size_t next(std::size_t, std::size_t) const noexcept;
};
struct table_that_cannot_skip : sparse_table {
  using sparse_table::sparse_table;
  void next(std::size_t, std::size_t) const noexcept;
};
struct splicing_table : table_archetype {
  using table_archetype::table_archetype;
  void assign(std::size_t, std::size_t, std::span<const page_id>) noexcept;
  void splice(std::size_t, std::size_t, std::size_t) noexcept;
};
struct throwing_splicer : splicing_table {
  using splicing_table::splicing_table;
  void splice(std::size_t, std::size_t, std::size_t);
};
struct extent_table : table_archetype {
  using table_archetype::table_archetype;
  [[nodiscard]] std::span<const table::extent> extents(std::size_t) const noexcept;
};
struct tracking_table : partial_table {
  using partial_table::partial_table;
  [[nodiscard]] table::moment now() const noexcept;
  template <class Visit>
  void for_each_change(std::size_t, table::moment, Visit&&) const noexcept {}
};
struct timeless_table : tracking_table {
  using tracking_table::tracking_table;
  [[nodiscard]] std::uint64_t now() const noexcept;
};
static_assert(partial_page_table<partial_table> && !partial_page_table<table_archetype>);
static_assert(sparse_page_table<sparse_table> && !sparse_page_table<table_that_cannot_skip>);
static_assert(splicing_page_table<splicing_table> && !splicing_page_table<throwing_splicer>);
static_assert(extent_page_table<extent_table> && !extent_page_table<table_archetype>);
static_assert(tracking_page_table<tracking_table> && !tracking_page_table<timeless_table>);
static_assert(tracking_page_table<table::tracked<table_archetype>>);
static_assert(sparse_page_table<table::tracked<sparse_table>>);
static_assert(!sparse_page_table<table::tracked<partial_table>>);

struct weak_pool_archetype {
  [[nodiscard]] std::uint64_t generation(page_id) const noexcept;
  [[nodiscard]] bool idle(page_id) const noexcept;
};
struct pool_without_lives : weak_pool_archetype {
  void generation(page_id) const noexcept;
};
static_assert(weak_pool<weak_pool_archetype> && !weak_pool<pool_without_lives>);

struct copies_archetype {
  static constexpr bool needs_bytes = false;
  explicit copies_archetype(std::size_t);
  copies_archetype(copies_archetype&&) noexcept;
  copies_archetype& operator=(copies_archetype&&) noexcept;
  ~copies_archetype();
  void submit(const copy_op&, const model::page_array&) noexcept;
  [[nodiscard]] bool busy(page_id) const noexcept;
  [[nodiscard]] std::uint32_t unread(page_id) const noexcept;
};
struct deferring_archetype : copies_archetype {
  using copies_archetype::copies_archetype;
  [[nodiscard]] std::size_t waiting() const noexcept;
  copy_batch take(std::span<copy_op>) noexcept;
  template <class Idle>
  void complete(copy_ticket, Idle&&) noexcept {}
};
struct careless_copies : copies_archetype {
  using copies_archetype::copies_archetype;
  [[nodiscard]] bool busy() const noexcept;
};
struct undecided_copies : copies_archetype {
  using copies_archetype::copies_archetype;
  void needs_bytes() const;
};
struct half_deferring : copies_archetype {
  using copies_archetype::copies_archetype;
  copy_batch take(std::span<copy_op>) noexcept;
};
static_assert(copy_backend<copies_archetype> && !deferring_copy_backend<copies_archetype>);
static_assert(deferring_copy_backend<deferring_archetype>);
static_assert(!copy_backend<careless_copies>);
static_assert(!copy_backend<undecided_copies>);
static_assert(copy_backend<half_deferring> && !deferring_copy_backend<half_deferring>);

struct observer_archetype {
  observer_archetype();
  observer_archetype(observer_archetype&&) noexcept;
  observer_archetype& operator=(observer_archetype&&) noexcept;
  ~observer_archetype();
  void on(const event::page_fault&) noexcept;
  void on(const event::page_copied&) noexcept;
  void on(const event::page_freed&) noexcept;
  void on(const event::forked&) noexcept;
  void on(const event::failed&) noexcept;
  void on(const event::page_indexed&) noexcept;
  void on(const event::page_withdrawn&) noexcept;
  void on(const event::page_evicted&) noexcept;
  void on(const event::page_hit&) noexcept;
  void on(const event::prompt_matched&) noexcept;
  void on(const event::invalidated&) noexcept;
};
struct misspelt_observer
    : ignore<event::page_fault, event::page_copied, event::page_freed, event::failed,
             event::page_indexed, event::page_withdrawn, event::page_evicted, event::page_hit,
             event::prompt_matched, event::invalidated> {
  using ignore::on;
  void on_fork(const event::forked&) noexcept;
};
struct hiding_observer : null_observer {
  void on(const event::forked&) noexcept;  // no `using null_observer::on;`
};
struct pinned_observer : null_observer {
  pinned_observer(pinned_observer&&) = delete;
};
static_assert(observer<observer_archetype>);
static_assert(!observer<misspelt_observer>);
static_assert(!observer<hiding_observer>);
static_assert(!observer<pinned_observer>);

struct index_archetype {
  static constexpr bool enabled = true;
  index_archetype(std::size_t, std::uint32_t, std::uint64_t);
  index_archetype(index_archetype&&) noexcept;
  index_archetype& operator=(index_archetype&&) noexcept;
  ~index_archetype();
  void note(page_id, std::uint32_t, std::span<const token_id>) noexcept;
  void copy_note(page_id, page_id, std::uint32_t) noexcept;
  [[nodiscard]] prefix_cursor match(const prefix_realm&, std::span<const token_id>,
                                    std::span<page_id>) const noexcept;
  prefix_cursor extend(const prefix_realm&, const prefix_cursor&, page_id) noexcept;
  void erase(page_id) noexcept;
  [[nodiscard]] bool contains(page_id) const noexcept;
  [[nodiscard]] std::optional<page_id> parent(page_id) const noexcept;
  [[nodiscard]] std::span<const token_id> tokens(page_id) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
};
struct splitting_index : index_archetype {  // as a tree that splits its nodes when it is read
  using index_archetype::index_archetype;
  prefix_cursor match(const prefix_realm&, std::span<const token_id>, std::span<page_id>) noexcept;
};
struct throwing_index : index_archetype {
  using index_archetype::index_archetype;
  prefix_cursor extend(const prefix_realm&, const prefix_cursor&, page_id);
};
struct unseeded_index : index_archetype {
  unseeded_index(std::size_t, std::uint32_t);
};
struct orphaned_index : index_archetype {
  using index_archetype::index_archetype;
  [[nodiscard]] page_id parent(page_id) const noexcept;  // of first pages, what?
};
struct undecided_index : index_archetype {
  using index_archetype::index_archetype;
  static bool enabled;
};
static_assert(prefix_index<index_archetype>);
static_assert(!prefix_index<splitting_index>);
static_assert(!prefix_index<throwing_index>);
static_assert(!prefix_index<unseeded_index>);
static_assert(!prefix_index<orphaned_index>);
static_assert(!prefix_index<undecided_index>);

struct revocable_archetype : index_archetype {
  using index_archetype::index_archetype;
  using revocable_type = revocable_archetype;
  void use(page_id, const key_scope&, session_id) noexcept;
  [[nodiscard]] std::optional<page_id> last_of(session_id) const noexcept;
  [[nodiscard]] std::optional<page_id> last_of(const adapter_version&) const noexcept;
  void hide(page_id) noexcept;
  [[nodiscard]] bool is_hidden(page_id) const noexcept;
};
struct enclosed_index : revocable_archetype {  // what was added would find what is hidden
  using revocable_archetype::revocable_archetype;
};
struct versionless_index : revocable_archetype {
  using revocable_archetype::revocable_archetype;
  using revocable_type = versionless_index;
  [[nodiscard]] std::optional<page_id> last_of(session_id) const noexcept;
};
static_assert(revocable_prefix_index<revocable_archetype>);
static_assert(!revocable_prefix_index<enclosed_index>);
static_assert(!revocable_prefix_index<versionless_index>);

struct identity_archetype {
  using key_type = std::array<std::uint64_t, 1>;
  static constexpr bool verifies = true;
  explicit identity_archetype(std::uint64_t);
  [[nodiscard]] key_type root(const prefix_realm&) const noexcept;
  [[nodiscard]] key_type next(const prefix_realm&, const key_type&, std::size_t,
                              std::span<const token_id>) const noexcept;
};
struct careless_identity : identity_archetype {
  using identity_archetype::identity_archetype;
  static bool verifies;  // it would depend on when it is asked
};
struct unchained_identity : identity_archetype {
  using identity_archetype::identity_archetype;
  [[nodiscard]] key_type next(const prefix_realm&, std::size_t,
                              std::span<const token_id>) const noexcept;
};
struct counting_identity : identity_archetype {
  using identity_archetype::identity_archetype;
  [[nodiscard]] key_type root(const prefix_realm&) noexcept;
};
static_assert(prefix_identity<identity_archetype>);
static_assert(!prefix_identity<careless_identity>);
static_assert(!prefix_identity<unchained_identity>);
static_assert(!prefix_identity<counting_identity>);
static_assert(prefix_index<prefix::hashed<identity_archetype>>);

struct eviction_archetype {
  explicit eviction_archetype(std::size_t);
  eviction_archetype(eviction_archetype&&) noexcept;
  eviction_archetype& operator=(eviction_archetype&&) noexcept;
  ~eviction_archetype();
  void miss(const page_access&) noexcept;
  std::optional<page_id> evict(const page_access&, page_set) noexcept;
  void insert(page_id, const page_access&) noexcept;
  void touch(page_id, const page_access&) noexcept;
  void erase(page_id) noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
};
struct informed_eviction : eviction_archetype {
  using eviction_archetype::eviction_archetype;
  void suspend(page_id) noexcept;
  void resume(page_id) noexcept;
};
struct frontier_eviction : informed_eviction {
  using informed_eviction::informed_eviction;
  void insert_oldest(page_id) noexcept;
  [[nodiscard]] bool tracks(page_id) const noexcept;
};
struct blind_eviction : eviction_archetype {
  using eviction_archetype::eviction_archetype;
  std::optional<page_id> evict(const page_access&) noexcept;  // without what is eligible
};
struct throwing_eviction : eviction_archetype {
  using eviction_archetype::eviction_archetype;
  void insert(page_id, const page_access&);
};
struct half_informed : eviction_archetype {
  using eviction_archetype::eviction_archetype;
  void suspend(page_id) noexcept;
};
static_assert(eviction_policy<eviction_archetype> && !eligibility_aware<eviction_archetype>);
static_assert(eligibility_aware<informed_eviction> && !frontier_aware<informed_eviction>);
static_assert(frontier_aware<frontier_eviction>);
static_assert(!eviction_policy<blind_eviction>);
static_assert(!eviction_policy<throwing_eviction>);
static_assert(eviction_policy<half_informed> && !eligibility_aware<half_informed>);

struct reservation_archetype {
  static constexpr bool contiguous = false;
  static std::size_t storage(std::size_t, const request_size&, std::size_t) noexcept;
};
struct run_reservation : reservation_archetype {
  static constexpr bool contiguous = true;
};
struct forgetful_reservation {
  static std::size_t storage(std::size_t, const request_size&, std::size_t) noexcept;
};
static_assert(reservation_rule<reservation_archetype> && !reservation_rule<forgetful_reservation>);

struct tier_archetype {
  tier_archetype(tier_archetype&&) noexcept;
  tier_archetype& operator=(tier_archetype&&) noexcept;
  ~tier_archetype();
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure&) const noexcept;
};
struct changing_tier : tier_archetype {
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure&) noexcept;
};
struct page_store_archetype {
  page_store_archetype(const page_store_archetype&) = delete;
  page_store_archetype& operator=(const page_store_archetype&) = delete;
  [[nodiscard]] std::size_t page_bytes() const noexcept;
  result<void> put(const tier::store_key&, std::span<const std::byte>) noexcept;
  bool get(const tier::store_key&, std::span<std::byte>) noexcept;
  bool contains(const tier::store_key&) noexcept;
  bool erase(const tier::store_key&) noexcept;
  result<void> put_many(std::span<const tier::store_write>) noexcept;
  std::size_t get_many(std::span<tier::store_read>) noexcept;
  tier::store_usage usage() noexcept;
};
struct storing_archetype : tier_archetype {
  [[nodiscard]] page_store_archetype& store() const noexcept;
  std::uint64_t number_pages(std::uint64_t) noexcept;
  [[nodiscard]] tier::store_key key_of(std::uint64_t) const noexcept;
};
struct numberless_tier : storing_archetype {
  void number_pages(std::uint64_t) noexcept;
};
static_assert(tier_policy<tier_archetype> && !tier_policy<changing_tier>);
static_assert(tier::page_store<page_store_archetype>);
static_assert(storing_tier<storing_archetype> && !storing_tier<tier_archetype> &&
              !storing_tier<numberless_tier>);

// The bundle concept holds each alias to its concept.
template <class Table, class Eviction, class Copies, class Tier = tier_archetype>
struct bundle {
  using memory = memory_archetype;
  using page_allocator = allocator_archetype;
  using reservation = reservation_archetype;
  using page_table = Table;
  using refcount = counter_archetype;
  using prefix_index = index_archetype;
  using eviction = Eviction;
  using tier = Tier;
  using copies = Copies;
  using observer = observer_archetype;
};
using minimal = bundle<table_archetype, eviction_archetype, copies_archetype>;
using informed = bundle<table_archetype, informed_eviction, copies_archetype>;
using deferring = bundle<viewed_table, frontier_eviction, deferring_archetype, storing_archetype>;
struct near_memory : minimal {
  using memory = throwing_memory;
};
struct near_allocator : minimal {
  using page_allocator = forgetful_allocator;
};
struct near_table : minimal {
  using page_table = without_fork;
};
struct near_reservation : minimal {
  using reservation = forgetful_reservation;
};
struct runs_without_run_allocator : minimal {
  using reservation = run_reservation;
};
struct near_refcount : minimal {
  using refcount = silent_counter;
};
struct near_index : minimal {
  using prefix_index = splitting_index;
};
struct near_eviction : minimal {
  using eviction = blind_eviction;
};
struct near_copies : minimal {
  using copies = careless_copies;
};
struct near_tier : minimal {
  using tier = changing_tier;
};
struct near_observer : minimal {
  using observer = misspelt_observer;
};
static_assert(policy_bundle<minimal> && policy_bundle<informed> && policy_bundle<deferring>);
static_assert(!policy_bundle<near_memory> && !policy_bundle<near_allocator> &&
              !policy_bundle<near_reservation> && !policy_bundle<runs_without_run_allocator> &&
              !policy_bundle<near_table> && !policy_bundle<near_refcount> &&
              !policy_bundle<near_index> && !policy_bundle<near_eviction> &&
              !policy_bundle<near_tier> && !policy_bundle<near_copies> &&
              !policy_bundle<near_observer>);
static_assert(!policy_bundle<memory_archetype>);

// Every member of a consumer compiles with policies that have nothing but what their concepts ask.
template <class Cache>
std::size_t use_every_verb(Cache& cache, typename Cache::parts parts, std::span<copy_op> ops,
                           std::span<std::int32_t> ids) {
  Cache made{cache.config(), std::move(parts)};
  auto one = cache.create({}, request_options{}).value();
  one.append(1).value();
  one.ensure(1, request_size{}).value();
  static_cast<void>(one.writable(0, 1).value());
  cache.advance(1);
  cache.invalidate();
  cache.reset().value();
  one.commit({});
  auto child = one.fork().value();
  child.truncate(0);
  auto step = cache.reserve({{one, 1}, {child, 1}}).value();
  step.accept();
  one.export_pages(ids);
  if constexpr (deferring_copy_backend<typename Cache::policies::copies>) {
    static_cast<void>(cache.waiting_copies());
    cache.complete(cache.take_copies(ops).ticket);
  }
  child.release();
  auto parked = cache.preempt(std::move(one)).value();
  one = std::move(parked).resume().value();
  auto leaving = cache.preempt_later(std::move(one)).value();
  parked = std::move(leaving).finish(leaving.size());
  auto coming = std::move(parked).resume_later().value();
  one = std::move(coming).finish(coming.size());
  return cache.statistics().pages + cache.probe({}).pages_needed + cache.pins(one.page_at(0)) +
         one.probe(1).pages_needed + (cache.check_invariants() == nullptr ? 1 : 0) +
         cache.state_digest() + cache.bytes(one.page_at(0)).size() + one.runs(0, 1).tokens() +
         sizeof(cache.observer()) + sizeof(cache.memory());
}
template std::size_t use_every_verb(paged_cache<minimal>&, paged_cache<minimal>::parts,
                                    std::span<copy_op>, std::span<std::int32_t>);
template std::size_t use_every_verb(paged_cache<informed>&, paged_cache<informed>::parts,
                                    std::span<copy_op>, std::span<std::int32_t>);
template std::size_t use_every_verb(paged_cache<deferring>&, paged_cache<deferring>::parts,
                                    std::span<copy_op>, std::span<std::int32_t>);

std::size_t use_every_verb(hybrid_cache<deferring, rule_archetype>& cache, std::span<copy_op> ops) {
  auto one = cache.create({}).value();
  auto child = one.fork().value();
  one.append(1).value();
  one.commit({});
  cache.complete(cache.take_copies(ops).ticket);
  cache.reset().value();
  return one.truncate(0).value().pages + one.probe(1).pages_needed + cache.probe({}).pages_needed +
         cache.statistics().pages + cache.state_digest() + one.runs(0, 0, 1).tokens() +
         cache.most_pages(1) + (cache.check_invariants() == nullptr ? 1 : 0);
}

}  // namespace kvfolio::test

// And every member of the leaves, used or not.
template class kvfolio::group_tables<kvfolio::test::table_archetype, kvfolio::test::rule_archetype>;
template class kvfolio::page::free_list<kvfolio::test::order_archetype>;
template class kvfolio::page_pool<kvfolio::test::allocator_archetype,
                                  kvfolio::test::counter_archetype>;
template class kvfolio::memory::block<kvfolio::test::memory_archetype>;
template class kvfolio::cow_page<
    kvfolio::page_pool<kvfolio::test::allocator_archetype, kvfolio::test::counter_archetype>>;
template class kvfolio::token_runs<kvfolio::test::table_archetype>;
