/*
 * What we ask of the compiler beyond C17.
 */
#pragma once
#include <stddef.h>

#define must_check	__attribute__((warn_unused_result))
#define noreturn	__attribute__((noreturn))
#define noinline	__attribute__((noinline))
#define no_stack_protector __attribute__((no_stack_protector))
#define always_inline	inline __attribute__((always_inline))
#define packed		__attribute__((packed))
#define aligned_to(n)	__attribute__((aligned(n)))
#define format_printf(f, a) __attribute__((format(printf, f, a)))
#define cold		__attribute__((cold))
#define fallthrough	__attribute__((fallthrough))
#define weak		__attribute__((weak))
/* For loops over all of a page or object: the sanitizer's checks are many times the work there. */
#define no_undefined_checks __attribute__((no_sanitize("undefined")))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/*
 * From here on the compiler knows nothing of how `variable` was worked out: so it keeps it in a
 * register, where it would work it out anew at each use. Only where that was measured.
 */
#define keep_in_register(variable) __asm__("" : "+r"(variable))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

#define ALIGN_DOWN(value, size) ((value) & ~((__typeof__(value))(size) - 1))
#define ALIGN_UP(value, size)	ALIGN_DOWN((value) + (__typeof__(value))(size) - 1, size)
#define IS_ALIGNED(value, size) (((value) & ((__typeof__(value))(size) - 1)) == 0)
#define DIV_ROUND_UP(value, size) (((value) + (size) - 1) / (size))

#define CACHE_LINE_SIZE 64
