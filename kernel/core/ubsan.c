/*
 * What the compiler's undefined-behaviour checks call in debug builds: each says what went wrong
 * and where in the source, and panics, because nothing that follows can be relied on.
 *
 * The names and the layouts are the compilers' (gcc: libsanitizer/ubsan). Each kind of mistake
 * passes its own record, but all of them begin with, or after one pointer continue with, the place.
 */
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/panic.h"

struct source_place {
	const char *file;
	uint32_t line;
	uint32_t column;
};

/* A record that begins with the place; most do. */
struct place_record {
	struct source_place place;
};

struct type_name {
	uint16_t kind;
	uint16_t info;
	char name[];
};

struct mismatch_record {
	struct source_place place;
	const struct type_name *type;
	uint8_t log_alignment;
	uint8_t access;
};

/* What the pointer was used for, by mismatch_record.access. */
static const char *const accesses[] = {
	"load from", "store to", "reference to", "member access within", "member call on",
	"constructor call on", "downcast of", "downcast of", "upcast of", "cast to virtual base of",
	"nonnull use of", "dynamic operation on",
};

static noreturn cold void fail(const struct source_place *place, const char *what)
{
	panic("undefined behaviour: %s at %s:%u:%u", what, place->file, place->line, place->column);
}

/* The compiler calls these; nobody else does. */
void __ubsan_handle_add_overflow(struct place_record *record, uintptr_t a, uintptr_t b);
void __ubsan_handle_sub_overflow(struct place_record *record, uintptr_t a, uintptr_t b);
void __ubsan_handle_mul_overflow(struct place_record *record, uintptr_t a, uintptr_t b);
void __ubsan_handle_negate_overflow(struct place_record *record, uintptr_t a);
void __ubsan_handle_divrem_overflow(struct place_record *record, uintptr_t a, uintptr_t b);
void __ubsan_handle_shift_out_of_bounds(struct place_record *record, uintptr_t a, uintptr_t b);
void __ubsan_handle_out_of_bounds(struct place_record *record, uintptr_t index);
void __ubsan_handle_pointer_overflow(struct place_record *record, uintptr_t from, uintptr_t to);
void __ubsan_handle_load_invalid_value(struct place_record *record, uintptr_t value);
void __ubsan_handle_vla_bound_not_positive(struct place_record *record, uintptr_t bound);
void __ubsan_handle_float_cast_overflow(struct place_record *record, uintptr_t value);
void __ubsan_handle_builtin_unreachable(struct place_record *record);
void __ubsan_handle_missing_return(struct place_record *record);
void __ubsan_handle_nonnull_arg(struct place_record *record);
void __ubsan_handle_nonnull_return_v1(struct place_record *record, struct source_place *place);
void __ubsan_handle_nullability_arg(struct place_record *record);
void __ubsan_handle_nullability_return_v1(struct place_record *record, struct source_place *place);
void __ubsan_handle_invalid_builtin(struct place_record *record);
void __ubsan_handle_function_type_mismatch(struct place_record *record, uintptr_t function);
void __ubsan_handle_alignment_assumption(struct place_record *record, uintptr_t pointer,
					 uintptr_t alignment, uintptr_t offset);
void __ubsan_handle_type_mismatch_v1(struct mismatch_record *record, uintptr_t pointer);

void __ubsan_handle_add_overflow(struct place_record *record, uintptr_t a, uintptr_t b)
{
	(void)a;
	(void)b;
	fail(&record->place, "signed addition overflows");
}

void __ubsan_handle_sub_overflow(struct place_record *record, uintptr_t a, uintptr_t b)
{
	(void)a;
	(void)b;
	fail(&record->place, "signed subtraction overflows");
}

void __ubsan_handle_mul_overflow(struct place_record *record, uintptr_t a, uintptr_t b)
{
	(void)a;
	(void)b;
	fail(&record->place, "signed multiplication overflows");
}

void __ubsan_handle_negate_overflow(struct place_record *record, uintptr_t a)
{
	(void)a;
	fail(&record->place, "negation overflows");
}

void __ubsan_handle_divrem_overflow(struct place_record *record, uintptr_t a, uintptr_t b)
{
	(void)a;
	(void)b;
	fail(&record->place, "division by zero or overflow");
}

void __ubsan_handle_shift_out_of_bounds(struct place_record *record, uintptr_t a, uintptr_t b)
{
	(void)a;
	(void)b;
	fail(&record->place, "shift out of bounds");
}

void __ubsan_handle_out_of_bounds(struct place_record *record, uintptr_t index)
{
	panic("undefined behaviour: index %zu is outside of its array at %s:%u:%u", (size_t)index,
	      record->place.file, record->place.line, record->place.column);
}

void __ubsan_handle_pointer_overflow(struct place_record *record, uintptr_t from, uintptr_t to)
{
	panic("undefined behaviour: pointer arithmetic wraps from %p to %p at %s:%u:%u",
	      (void *)from, (void *)to, record->place.file, record->place.line,
	      record->place.column);
}

void __ubsan_handle_load_invalid_value(struct place_record *record, uintptr_t value)
{
	panic("undefined behaviour: %#zx is no value of its type at %s:%u:%u", (size_t)value,
	      record->place.file, record->place.line, record->place.column);
}

void __ubsan_handle_vla_bound_not_positive(struct place_record *record, uintptr_t bound)
{
	(void)bound;
	fail(&record->place, "array of no positive size");
}

void __ubsan_handle_float_cast_overflow(struct place_record *record, uintptr_t value)
{
	(void)value;
	fail(&record->place, "floating-point value does not fit");
}

void __ubsan_handle_builtin_unreachable(struct place_record *record)
{
	fail(&record->place, "unreachable code was reached");
}

void __ubsan_handle_missing_return(struct place_record *record)
{
	fail(&record->place, "function ends without returning a value");
}

void __ubsan_handle_nonnull_arg(struct place_record *record)
{
	fail(&record->place, "null where an argument must not be");
}

void __ubsan_handle_nonnull_return_v1(struct place_record *record, struct source_place *place)
{
	(void)record;
	fail(place, "null where a result must not be");
}

void __ubsan_handle_nullability_arg(struct place_record *record)
{
	fail(&record->place, "null where an argument must not be");
}

void __ubsan_handle_nullability_return_v1(struct place_record *record, struct source_place *place)
{
	(void)record;
	fail(place, "null where a result must not be");
}

void __ubsan_handle_invalid_builtin(struct place_record *record)
{
	fail(&record->place, "zero given to a count of leading or trailing zeros");
}

void __ubsan_handle_function_type_mismatch(struct place_record *record, uintptr_t function)
{
	(void)function;
	fail(&record->place, "function called through a pointer of another type");
}

void __ubsan_handle_alignment_assumption(struct place_record *record, uintptr_t pointer,
					 uintptr_t alignment, uintptr_t offset)
{
	(void)pointer;
	(void)alignment;
	(void)offset;
	fail(&record->place, "pointer is less aligned than was promised");
}

void __ubsan_handle_type_mismatch_v1(struct mismatch_record *record, uintptr_t pointer)
{
	const char *access = record->access < ARRAY_SIZE(accesses) ? accesses[record->access] :
								     "use of";

	panic("undefined behaviour: %s %s %p, type %s, at %s:%u:%u", access,
	      pointer == 0 ? "null pointer" : "misaligned or too small object", (void *)pointer,
	      record->type->name, record->place.file, record->place.line, record->place.column);
}
