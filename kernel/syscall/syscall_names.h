/*
 * What each system call is called and takes, for tracing; generated from syscall.tbl by the build.
 */
#pragma once
#include <stddef.h>

/* One call. An absent number has a NULL name. */
struct syscall_name {
	const char *name;      /* "openat" */
	const char *arguments; /* "fd:int path:string", as in the table; "" for none */
};

extern const struct syscall_name syscall_names[]; /* [I] indexed by call number */
extern const unsigned int syscall_name_count;	  /* [I] */
