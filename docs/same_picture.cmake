# cmake -DPROGRAM=... -DPICTURE=... [-DARGUMENTS=...] -P same_picture.cmake
#
# PROGRAM, with these arguments, must draw PICTURE, byte for byte, into the current folder.
cmake_path(GET PICTURE FILENAME name)
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} --svg ${name} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${name} ${PICTURE} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the program draws another picture; if it is right: cp ${CMAKE_CURRENT_BINARY_DIR}/${name} ${PICTURE}")
endif()
