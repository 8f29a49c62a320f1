# cmake -DTREE=... -P check.cmake
#
# Holds the headers of TREE to the layers of docs/design.md. Names every breach before it fails.
cmake_minimum_required(VERSION 3.25)

# L0 is core; then the families; then what composes two of them; then what users take whole, which
# is every other header at the top.
set(families memory vm page refcount lock observe eviction tier model copies group activation)
set(combining table prefix partition cow_page.hpp page_pool.hpp token_runs.hpp)

# What a family says in types that are no policies, so that all may speak of it.
set(vocabulary
    model/dtype.hpp model/cache_shape.hpp model/page_layout.hpp model/page_array.hpp  # of a page
    model/architecture.hpp model/attention.hpp model/mlp.hpp model/weight.hpp  # of a model
    model/block_format.hpp model/activations.hpp model/capacity.hpp  # and what it needs
    page/free_order.hpp  # what a page held, which whoever releases one must say
    observe/notify.hpp  # the events, which every family may send
    memory/block.hpp  # bytes and their owner
    tier/store.hpp tier/store_key.hpp  # where pages are kept, and by what name
    prefix/concept.hpp prefix/key_scope.hpp)  # the realm of a page, of which events speak too

# Opt-in: headers that may use atomics, locks and threads. kvfolio.hpp reaches none of them.
set(concurrent refcount/atomic.hpp page/thread_caches.hpp page/thread_number.hpp
               partition/thread_communicator.hpp synchronized.hpp threads.hpp
               tier/synchronized_store.hpp tier/transfer_thread.hpp
               vm/background_extension.hpp)
set(concurrent_std atomic barrier condition_variable future latch mutex semaphore shared_mutex
                   stop_token thread)
# Streams are slow to compile and belong to programs; time is told by the caller.
set(banned_std iostream chrono ctime)
# Beyond the standard library, and who may have it.
set(posix tier/shared_file.hpp:fcntl.h tier/shared_file.hpp:sys/uio.h tier/shared_file.hpp:unistd.h
          tier/redis_connection.hpp:hiredis/hiredis.h
          memory/mapped.hpp:sys/mman.h partition/mpi_communicator.hpp:mpi.h
          core/sha256.hpp:cpuid.h core/sha256.hpp:immintrin.h
          vm/linux_backend.hpp:fcntl.h vm/linux_backend.hpp:sys/mman.h vm/linux_backend.hpp:unistd.h
          vm/linux_options.hpp:unistd.h vm/cuda_driver.hpp:dlfcn.h
          vm/memory_file.hpp:fcntl.h vm/memory_file.hpp:sys/mman.h vm/memory_file.hpp:unistd.h
          vm/spare_mappings.hpp:sys/mman.h vm/spare_mappings.hpp:unistd.h
          vm/system_limits.hpp:fcntl.h vm/system_limits.hpp:unistd.h)
# What has a dependency of its own: users include it themselves.
set(optional partition/mpi_communicator.hpp prefix/by_sha256.hpp tier/redis_store.hpp vm/cuda_backend.hpp vm/linux_backend.hpp
             vm/mdspan.hpp)

# Headers without a mirrored test: a concept's is its conformance suite, and these have no code.
set(untested "/concept[.]hpp$" ^kvfolio[.]hpp$ ^partition[.]hpp$
    ^threads[.]hpp$ ^tier[.]hpp$ ^activation[.]hpp$ ^vm[.]hpp$)

# The functions below speak of `header`, its `family` and its `layer`.
function(complain message)
  set_property(GLOBAL APPEND_STRING PROPERTY breaches "  ${header}: ${message}\n")
endfunction()

# The family of a header, or the header itself if it is in none.
function(family_of header result)
  string(REGEX REPLACE "/.*" "" family ${header})
  set(${result} ${family} PARENT_SCOPE)
endfunction()

function(layer_of header result)
  family_of(${header} family)
  if(family STREQUAL core)
    set(layer 0)
  elseif(family IN_LIST families)
    set(layer 1)
  elseif(family IN_LIST combining)
    set(layer 2)
  elseif(header MATCHES /)
    set(layer unknown)
  else()
    set(layer 3)
  endif()
  set(${result} ${layer} PARENT_SCOPE)
endfunction()

function(check_own included)
  family_of(${included} other)
  layer_of(${included} below)
  if(NOT EXISTS ${root}/${included})
    complain("includes ${included}, which does not exist")
  elseif(included STREQUAL kvfolio.hpp AND NOT header STREQUAL threads.hpp)
    complain("includes everything; name the headers that it needs")
  elseif(below GREATER layer AND NOT (layer GREATER 0 AND included IN_LIST vocabulary))
    complain("includes ${included}, which is a layer above; includes go down")
  elseif(layer LESS 3 AND below GREATER 0 AND NOT other STREQUAL family
         AND included MATCHES / AND NOT included MATCHES "/concept[.]hpp$"
         AND NOT included IN_LIST vocabulary)
    complain("includes ${included}, an implementation of another family; include its concept")
  endif()
  set_property(GLOBAL APPEND PROPERTY includes_of_${header} ${included})
endfunction()

function(check_foreign included)
  if(included IN_LIST banned_std)
    complain("includes <${included}>, which belongs to programs")
  elseif(included IN_LIST concurrent_std AND NOT header IN_LIST concurrent)
    complain("includes <${included}>, and is not opt-in; see concurrent in check.cmake")
  elseif(NOT included MATCHES "^[a-z_]+$" AND NOT "${header}:${included}" IN_LIST posix)
    complain("includes <${included}>, which is not in the standard library")
  endif()
endfunction()

function(check_text)
  file(READ ${root}/${header} text)
  string(REGEX REPLACE "[^\n]" "" newlines "${text}")
  string(LENGTH "${newlines}" lines)
  if(lines GREATER 400)
    complain("has ${lines} lines; 400 are the most, 150 the aim")
  endif()
  if(NOT text MATCHES "^// SPDX-License-Identifier: Apache-2.0\n#pragma once\n")
    complain("does not begin with the SPDX line and #pragma once")
  endif()
endfunction()

function(check_test)
  string(REGEX REPLACE "[.]hpp$" "_test.cpp" test ${header})
  string(REPLACE ";" "|" exempt "${untested}")
  if(NOT header MATCHES "${exempt}" AND NOT EXISTS ${TREE}/tests/${test})
    complain("has no tests/${test}")
  endif()
endfunction()

# Everything that `header` includes, however far down.
function(reach header result)
  set(reached ${header})
  set(todo ${header})
  while(todo)
    list(POP_FRONT todo next)
    get_property(found GLOBAL PROPERTY includes_of_${next})
    foreach(included IN LISTS found)
      if(NOT included IN_LIST reached)
        list(APPEND reached ${included})
        list(APPEND todo ${included})
      endif()
    endforeach()
  endwhile()
  set(${result} ${reached} PARENT_SCOPE)
endfunction()

set(root ${TREE}/include/kvfolio)
file(GLOB_RECURSE headers RELATIVE ${root} ${root}/*)
if(NOT headers)
  message(FATAL_ERROR "no headers in ${root}")
endif()
foreach(header IN LISTS headers)
  check_text()
  check_test()
  family_of(${header} family)
  layer_of(${header} layer)
  if(layer STREQUAL "unknown")
    complain("is in a folder that has no layer; give it one in check.cmake")
    continue()
  endif()
  file(STRINGS ${root}/${header} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS includes)
    if(line MATCHES "<kvfolio/([^>]+)>")
      check_own(${CMAKE_MATCH_1})
    elseif(line MATCHES "<([^>]+)>")
      check_foreign(${CMAKE_MATCH_1})
    else()
      complain("has '${line}'; write <kvfolio/...>")
    endif()
  endforeach()
endforeach()

reach(kvfolio.hpp without_threads)
foreach(header IN LISTS concurrent)
  if(header IN_LIST without_threads)
    complain("is opt-in, and yet reached from kvfolio.hpp")
  endif()
endforeach()
set(whole hybrid_cache.hpp contiguous_cache.hpp partition.hpp threads.hpp tier.hpp activation.hpp vm.hpp)
foreach(header IN LISTS whole optional)
  reach(${header} further)
  list(APPEND everything ${further})
endforeach()
list(JOIN whole ", " whole)
foreach(header IN LISTS headers)  # those of core are also tools for the policies of users
  if(NOT header IN_LIST everything AND NOT header MATCHES ^core/)
    complain("is reached from none of kvfolio.hpp, ${whole}")
  endif()
endforeach()

get_property(breaches GLOBAL PROPERTY breaches)
list(LENGTH headers count)
if(breaches)
  message(FATAL_ERROR "layering:\n${breaches}")
endif()
message(STATUS "${count} headers keep to their layers")
