/* tmpfs: which options are taken, and what /proc/mounts then says of its size. */
#include "check.h"
#include <sys/mount.h>

static void refused(const char *options)
{
	if (mount("none", "place", "tmpfs", 0, options) == 0 || errno != EINVAL)
		FAIL("%s is not refused", options);
}

static void taken(const char *options, mode_t mode, const char *shown)
{
	static char mounts[64 * 1024];
	struct stat status;

	if (mount("none", "place", "tmpfs", 0, options))
		FAIL("%s is refused", options);
	MUST(stat("place", &status));
	CHECK_EQ(status.st_mode, S_IFDIR | mode);
	read_text("/proc/mounts", mounts, sizeof(mounts));
	if (!strstr(mounts, shown))
		FAIL("%s does not give %s", options, shown);
	MUST(umount("place"));
}

int main(void)
{
	MUST(mkdir("place", 0755));
	taken("size=64k,mode=700", 0700, "size=64k");
	taken("size=4096k,mode=17777", 07777, "size=4096k");
	taken("size=3000m", 01777, "size=3072000k");
	taken("uid=4294967294,size=8k", 01777, "size=8k");
	refused("uid=4294967295");
	refused("gid=4294967295");
	refused("uid=-1");
	refused("size=");
	refused("size=12x");
	refused("mode=8");
	refused("unknown=1");
	return 0;
}
