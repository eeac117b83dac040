/*
 * Who a program will act as.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"

struct credentials;
struct file;

struct exec_identity {
	struct credentials *credentials; /* reference */
	bool is_secure;			 /* AT_SECURE: it acts for somebody else than its caller */
	bool may_dump;			 /* its memory is nothing new to its caller */
	bool gains_privilege;		 /* nobody may trace us or share our directories yet */
};
/*
 * For the current thread that executes `file`. May sleep. Errors: -ENOMEM, and those of
 * file_capability_get; -EPERM: the file would give more than the bounding set lets it.
 */
must_check int exec_credentials(const struct file *file, struct exec_identity *out);
/* The program runs, or will not. May sleep. */
void exec_credentials_end(struct exec_identity *identity);
