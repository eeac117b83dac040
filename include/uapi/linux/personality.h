/* personality(2): the flags that Quartet knows. */
#pragma once

#define ADDR_NO_RANDOMIZE	0x0040000	/* everything at the same places each time */
#define READ_IMPLIES_EXEC	0x0400000	/* what may be read may be executed */
