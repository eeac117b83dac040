/* personality(2). */
#pragma once

/* The lowest byte says whose system is imitated; the rest are flags. */
#define UNAME26			0x0020000u	/* uname tells a release of 2.6 */
#define ADDR_NO_RANDOMIZE	0x0040000u	/* the same places each time */
#define MMAP_PAGE_ZERO		0x0100000u	/* a page at address 0 */
#define ADDR_COMPAT_LAYOUT	0x0200000u	/* mappings from below */
#define READ_IMPLIES_EXEC	0x0400000u	/* what may be read may be executed */
#define STICKY_TIMEOUTS		0x4000000u	/* select leaves the timeout as it was */

/* What may not be chosen for a privileged program. */
#define PER_CLEAR_ON_SETID \
	(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO)
