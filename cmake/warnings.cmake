# Warnings are errors, with gcc and clang alike.
add_library(dl_flags INTERFACE)
target_compile_options(dl_flags INTERFACE
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wcast-qual -Wpointer-arith -Wvla -Werror -fno-common
	-fno-omit-frame-pointer)
target_compile_definitions(dl_flags INTERFACE _GNU_SOURCE)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND DL_ARCH)
	target_compile_options(dl_flags INTERFACE -march=${DL_ARCH})
endif()
if(DL_SANITIZE)
	target_compile_options(dl_flags INTERFACE -fsanitize=${DL_SANITIZE}
		-fno-sanitize-recover=all)
	target_link_options(dl_flags INTERFACE -fsanitize=${DL_SANITIZE})
	# ck's inline assembly hides its accesses from the thread sanitizer.
	target_compile_definitions(dl_flags INTERFACE CK_USE_CC_BUILTINS)
	if(DL_SANITIZE MATCHES thread)
		target_compile_definitions(dl_flags INTERFACE DL_TSAN)
	endif()
endif()
if(DL_FUZZ) # every room is instrumented, so that the fuzzer sees its branches
	target_compile_options(dl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
