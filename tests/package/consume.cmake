# cmake -DHOW=find_package|fetch_content|include_path -DCOMPILER=... -DSOURCE=... -DBUILD=...
#       -DSCRATCH=... -DGENERATOR=... -P consume.cmake
#
# Builds examples/minimal as another project would, and runs it.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    string(JOIN " " command ${ARGV})
    message(FATAL_ERROR "'${command}' failed: ${status}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
set(program ${SOURCE}/examples/minimal/minimal.cpp)
set(binary ${SCRATCH}/build/consumer)

if(HOW STREQUAL include_path)
  file(MAKE_DIRECTORY ${SCRATCH}/build)
  run(${COMPILER} -std=c++20 -I ${SOURCE}/include ${program} -o ${binary})
else()
  set(prefix ${SCRATCH}/prefix)
  if(HOW STREQUAL find_package)
    run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/made_here)
    file(RENAME ${SCRATCH}/made_here ${prefix})  # an installation may move
  endif()
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${SCRATCH}/build -G ${GENERATOR}
      -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${prefix} -DPROGRAM=${program}
      -DHOW=${HOW} -DKVFOLIO_SOURCE=${SOURCE})
  run(${CMAKE_COMMAND} --build ${SCRATCH}/build)
endif()
run(${binary})
