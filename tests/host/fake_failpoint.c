/* Behind core/failpoint.h, for tests that link the real mem/: the same counter as the fakes'. */
#include "core/failpoint.h"
#include "host.h"

bool failpoint_check(enum failpoint point)
{
	return (point == FAILPOINT_FRAME || point == FAILPOINT_SLAB) && host_allocation_fails();
}
