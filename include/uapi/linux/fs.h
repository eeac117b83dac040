/* ioctls on a whole file system, by any file of it. */
#pragma once

#define FIBMAP		0x1u		/* where on its disk a block of a file lies */
#define FIFREEZE	0xc0045877u	/* nothing changes on its disk until FITHAW */
#define FITHAW		0xc0045878u
#define FITRIM		0xc0185879u	/* tell the disk what is free */
