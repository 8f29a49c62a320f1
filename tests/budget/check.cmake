# cmake -DCOMPILER=... -DINCLUDE=... -DHEADER=... -DLIMIT=... -P check.cmake
#
# Counts the lines of HEADER after preprocessing that are neither empty nor line markers, prints the
# number, and fails if it is above LIMIT.
execute_process(COMMAND ${COMPILER} -std=c++20 -I${INCLUDE} -E -P -include ${HEADER} -x c++ /dev/null
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${HEADER} cannot be preprocessed:\n${errors}")
endif()
string(REGEX REPLACE "(\n[ \t]*)+" "\n" output "${output}")
string(REGEX REPLACE "[^\n]+" "" lines "${output}")
string(LENGTH "${lines}" count)
message(STATUS "${HEADER}: ${count} lines, of ${LIMIT} allowed")
if(count GREATER LIMIT)
  message(FATAL_ERROR "${HEADER} includes too much: find out what is new in it, and whether its "
                      "users must pay for it; if they must, raise the limit in CMakeLists.txt")
endif()
