/*
 * The owner of an open file: who hears by a signal, SIGIO unless another was chosen, that there is
 * news in it. fcntl's F_SETOWN, F_SETSIG and O_ASYNC.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "core/types.h"
#include "vfs/file.h"

/* Linux's F_OWNER_TID and so on. */
enum file_owner_kind { FILE_OWNER_THREAD, FILE_OWNER_PROCESS, FILE_OWNER_GROUP };

/* `id` 0: nobody. Errors: -ESRCH (nothing bears that id), -ENOMEM. */
must_check int file_owner_set(struct file *file, enum file_owner_kind kind, process_id id);
/* The same if there is none yet; an `id` that is not in use names nobody. Errors: -ENOMEM. */
must_check int file_owner_set_default(struct file *file, enum file_owner_kind kind, process_id id);
/* 0: nobody, or one who is gone. */
process_id file_owner_get(struct file *file, enum file_owner_kind *kind);
/* Whoever named the owner: his real and effective id. */
void file_owner_get_users(struct file *file, user_id *real, user_id *effective);

/* F_SETSIG: 0 is SIGIO without details. `signal` is at most SIGNAL_COUNT. Errors: -ENOMEM. */
must_check int file_owner_set_signal(struct file *file, int signal);
int file_owner_get_signal(struct file *file);

/*
 * O_ASYNC goes on or off for a file whose ops have `news`; `fd` is what the signal will name. As on
 * Linux, what open(2) was told stays: nobody listens for that, and it does not go off. May sleep.
 * Errors: -ENOMEM (on only).
 */
must_check int file_owner_listen(struct file *file, int fd, bool on);

/* Its owner, if it has one, hears of that now, with `fd`. May sleep. */
void file_owner_tell(struct file *file, int fd, enum file_news news);

/*
 * An urgent byte is there: SIGURG, whether it listens or not; the chosen signal too if it does. May
 * sleep.
 */
void file_owner_tell_urgent(struct file *file);

/* Send what has come up: RETURN_WORK_NOTIFY. May sleep. */
void file_owner_deliver(void);
void file_owner_init(void);
