# cmake -Dstatus=N -Dtext=REGEX -P expect.cmake -- COMMAND...
# Fails unless the command exits with N and prints, anywhere, what matches REGEX.
set(command "")
set(found FALSE)
foreach(i RANGE 1 ${CMAKE_ARGC})
  if(found AND i LESS CMAKE_ARGC)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(found TRUE)
  endif()
endforeach()
execute_process(COMMAND ${command} RESULT_VARIABLE seen OUTPUT_VARIABLE output
                ERROR_VARIABLE output)
if(NOT seen STREQUAL status)
  message(FATAL_ERROR "exit status ${seen}, not ${status}:\n${output}")
endif()
if(NOT output MATCHES "${text}")
  message(FATAL_ERROR "nothing matches '${text}':\n${output}")
endif()
