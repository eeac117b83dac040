/*
 * Words of user memory written and read one by one: the instructions (arch/user_words.h).
 */
#pragma once
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

#define USER_STORE_OR_GOTO(field, value, fault)					\
	__asm__ goto("1:\tmovl %1, %0\n"					\
		     "\t.pushsection .exception_table, \"a\"\n"			\
		     "\t.long 1b, %l[" #fault "], 0\n"				\
		     "\t.popsection"						\
		     : : "m"(field), "ri"((uint32_t)(value)) : "memory" : fault)

#define USER_LOAD_OR_GOTO(word, field, fault)					\
	__asm__ goto("1:\tmovl %1, %%ecx\n"					\
		     "\tmovl %%ecx, %0\n"					\
		     "\t.pushsection .exception_table, \"a\"\n"			\
		     "\t.long 1b, %l[" #fault "], 0\n"				\
		     "\t.popsection"						\
		     : : "m"(word), "m"(field) : "memory", "ecx" : fault)
