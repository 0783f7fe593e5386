# A room is a folder whose headers others may include only by linking it.
#
# Every room gets an include directory of its own, holding nothing but a link
# to the folder: `#include "noc/fifo.h"` compiles only in a target that links
# the room noc.  That is how the include rules are enforced.

# dl_room(NAME [EXPORTS path...] [SOURCES file...] [USES room-or-library...]
#	[HIDES room-or-library...])
# EXPORTS: the folders and headers that users of the room may include.
# USES is visible to the room's users as well, HIDES is not. A room without
# sources is a contract: headers only.
function(dl_room name)
	cmake_parse_arguments(R "" "" "EXPORTS;SOURCES;USES;HIDES" ${ARGN})
	set(inc ${CMAKE_BINARY_DIR}/rooms/${name})
	file(MAKE_DIRECTORY ${inc})
	foreach(path ${R_EXPORTS})
		get_filename_component(parent ${path} DIRECTORY)
		file(MAKE_DIRECTORY ${inc}/${parent})
		file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${path} ${inc}/${path}
			SYMBOLIC)
	endforeach()
	if(NOT R_SOURCES)
		add_library(${name} INTERFACE)
		target_include_directories(${name} INTERFACE ${inc})
		target_link_libraries(${name} INTERFACE dl_flags ${R_USES})
		return()
	endif()
	add_library(${name} STATIC ${R_SOURCES})
	target_include_directories(${name} PUBLIC ${inc})
	target_link_libraries(${name} PUBLIC dl_flags ${R_USES}
		PRIVATE ${R_HIDES})
endfunction()

# dl_own(TARGET FOLDER): the target may include its own folder's headers, which
# its users may not.
function(dl_own target folder)
	set(inc ${CMAKE_BINARY_DIR}/rooms/${target}.own)
	get_filename_component(parent ${folder} DIRECTORY)
	file(MAKE_DIRECTORY ${inc}/${parent})
	file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${inc}/${folder}
		SYMBOLIC)
	target_include_directories(${target} PRIVATE ${inc})
endfunction()

# dl_program(NAME SOURCES file... USES room...): lands in bin/ of the build.
function(dl_program name)
	cmake_parse_arguments(P "" "" "SOURCES;USES" ${ARGN})
	add_executable(${name} ${P_SOURCES})
	target_link_libraries(${name} PRIVATE ${P_USES})
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# dl_test(NAME SOURCES file... USES room... [LABELS label...] [TIMEOUT s])
# A cmocka program, run by ctest under its own name.
function(dl_test name)
	cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;USES;LABELS" ${ARGN})
	add_executable(test_${name} ${T_SOURCES})
	target_link_libraries(test_${name} PRIVATE ${T_USES} PkgConfig::CMOCKA
		Threads::Threads)
	target_compile_options(test_${name} PRIVATE -UNDEBUG)
	add_test(NAME ${name} COMMAND test_${name})
	if(NOT T_TIMEOUT)
		set(T_TIMEOUT 120)
	endif()
	set_tests_properties(${name} PROPERTIES LABELS "unit;${T_LABELS}"
		TIMEOUT ${T_TIMEOUT})
endfunction()

# dl_fuzz(NAME SOURCES file... USES room... [OWN folder] [CORPUS folder]
#	[DEFINES macro...])
# A libFuzzer target, if asked for; and in every build the test corpus_NAME,
# which runs it on the files of its corpus. OWN: see dl_own().
function(dl_fuzz name)
	cmake_parse_arguments(F "" "OWN;CORPUS" "SOURCES;USES;DEFINES" ${ARGN})
	set(programs)
	if(DL_FUZZ)
		add_executable(fuzz_${name} ${F_SOURCES})
		target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
		target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
		list(APPEND programs fuzz_${name})
	endif()
	if(F_CORPUS)
		add_executable(corpus_${name} ${F_SOURCES}
			${CMAKE_SOURCE_DIR}/test/corpus.c)
		add_test(NAME corpus_${name} COMMAND corpus_${name}
			${CMAKE_CURRENT_SOURCE_DIR}/${F_CORPUS})
		set_tests_properties(corpus_${name} PROPERTIES
			LABELS "unit;stack" TIMEOUT 120)
		list(APPEND programs corpus_${name})
	endif()
	foreach(program ${programs})
		target_link_libraries(${program} PRIVATE ${F_USES})
		target_compile_definitions(${program} PRIVATE ${F_DEFINES})
		if(F_OWN)
			dl_own(${program} ${F_OWN})
		endif()
	endforeach()
endfunction()
