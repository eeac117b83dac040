/*
 * File locks: flock(2), and record locks of processes (POSIX) and of open file descriptions (OFD).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

struct file;
struct inode;
struct user_count;

/* F_RDLCK, F_WRLCK, F_UNLCK */
enum file_lock_type { FILE_LOCK_READ, FILE_LOCK_WRITE, FILE_LOCK_NONE };

/* A range of bytes, half-open; end UINT64_MAX: to the end, however far that moves. */
struct file_lock_request {
	enum file_lock_type type;
	uint64_t start, end;
	/*
	 * Whose it is: for POSIX locks something that stands for the process (its descriptor
	 * table), for OFD locks and flock the struct file.
	 */
	const void *owner;
	process_id pid;		/* told to F_GETLK; -1 for OFD */
	struct user_count *payer; /* whose number of locks is limited; NULL: nobody's */
};

/*
 * Set or clear a record lock; `wait`: sleep until it can be had. Errors: -EAGAIN (not waiting),
 * -EDEADLK (two processes would wait for each other), -ENOLCK (no memory, or the payer has too
 * many), -EBADF (not open for that), -ERESTARTSYS. May sleep.
 */
must_check int file_lock_set(struct file *file, const struct file_lock_request *request, bool wait);
/*
 * F_GETLK: of the locks in the way of *request the one that starts first replaces it; type NONE if
 * there is none. (Linux looks through one owner's after the other's, in the order in which these
 * came.)
 */
must_check int file_lock_test(struct file *file, struct file_lock_request *request);
/*
 * flock(2); `pid` is who is told to have it. Errors: -EWOULDBLOCK, -ENOLCK, -ERESTARTSYS. May
 * sleep.
 */
must_check int file_lock_whole(struct file *file, enum file_lock_type type, process_id pid,
			       bool wait);
/* A process closes some descriptor of `inode`: its POSIX locks there go. */
void file_lock_release_owner(struct inode *inode, const void *owner);
/* One lock, or who waits for one, as /proc tells it. */
struct file_lock_view {
	const char *kind;		/* "POSIX", "OFDLCK", "FLOCK" */
	bool is_waiting;		/* for the owner of the last one that is not */
	enum file_lock_type type;
	process_id pid;
	const void *owner;		/* to compare: may be gone */
	const struct file *file;	/* through which it was set; the same */
	dev_number device;
	uint64_t inode_number;
	uint64_t start, end;
};
/* How far a walk over locks has come. Begins as { .inode = of which, or NULL: of all }. */
struct file_lock_cursor {
	const struct inode *inode;
	uint64_t state;			/* the rest is the walk's own */
	unsigned int part;
	uint64_t start;
	uintptr_t owner;
	size_t told;			/* of the lock there, itself and its waiters */
};

/* The next `room` at most, behind each lock who waits for it. Returns how many; 0: no more. */
size_t file_lock_view_next(struct file_lock_cursor *cursor, struct file_lock_view *views,
			   size_t room);
