/*
 * Words of user memory written and read one by one, for structures that would otherwise be made on
 * the stack and copied, or of which not all is wanted. Between user_words_open() and
 * user_words_close() nothing is done but this; a fault is satisfied, or execution goes on at
 * `fault`, which closes too. The caller has checked the range, and may sleep.
 */
#pragma once
#include <stdint.h>

#define USER_WORDS_SLOT(is_open)			\
	"\n.pushsection .smap_patches, \"a\"\n"		\
	"\t.long 971f, " #is_open "\n"			\
	".popsection\n"					\
	"971:\t.byte 0x8d, 0x76, 0x00\n"

static inline void user_words_open(void)
{
	__asm__ volatile(USER_WORDS_SLOT(1) : : : "memory");
}

static inline void user_words_close(void)
{
	__asm__ volatile(USER_WORDS_SLOT(0) : : : "memory");
}

/* Write 32 bits to `field` of a structure in user memory, or go to `fault`. */
#define USER_STORE_OR_GOTO(field, value, fault)					\
	__asm__ goto("1:\tmovl %1, %0\n"					\
		     "\t.pushsection .exception_table, \"a\"\n"			\
		     "\t.long 1b, %l[" #fault "], 0\n"				\
		     "\t.popsection"						\
		     : : "m"(field), "ri"((uint32_t)(value)) : "memory" : fault)

/* Read `field` of a structure in user memory into `word` of one of ours, or go to `fault`. */
#define USER_LOAD_OR_GOTO(word, field, fault)					\
	__asm__ goto("1:\tmovl %1, %%ecx\n"					\
		     "\tmovl %%ecx, %0\n"					\
		     "\t.pushsection .exception_table, \"a\"\n"			\
		     "\t.long 1b, %l[" #fault "], 0\n"				\
		     "\t.popsection"						\
		     : : "m"(word), "m"(field) : "memory", "ecx" : fault)
