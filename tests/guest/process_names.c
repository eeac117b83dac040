/* uname, sysinfo, sethostname, prctl(PR_SET_NAME), getpid and its like, getrandom, personality. */
#include "check.h"
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void)
{
	struct utsname names;
	struct sysinfo info;
	char name[32], text[64];

	CHECK(uname(&names) == 0);
	CHECK(names.sysname[0] && names.release[0] && names.version[0] && names.nodename[0]);
	CHECK(strcmp(names.machine, "i686") == 0 || strcmp(names.machine, "i586") == 0 ||
	      strcmp(names.machine, "i386") == 0 || strcmp(names.machine, "x86_64") == 0);
	CHECK(sysinfo(&info) == 0);
	CHECK(info.totalram > 0 && info.freeram <= info.totalram);
	CHECK(info.uptime >= 0 && info.procs > 0);
	CHECK(info.mem_unit >= 1);

	CHECK(prctl(PR_SET_NAME, "a-name-too-long-for-it") == 0);
	CHECK(prctl(PR_GET_NAME, name) == 0);
	CHECK(strcmp(name, "a-name-too-long") == 0);
	read_text("/proc/self/comm", text, sizeof(text));
	CHECK(strcmp(text, "a-name-too-long\n") == 0);
	CHECK_ERRNO(prctl(9999), EINVAL);

	CHECK_EQ(getpid(), raw_syscall(SYS_getpid));
	CHECK_EQ(getpid(), raw_syscall(SYS_gettid));
	CHECK(getppid() > 0);
	CHECK_EQ(raw_syscall(SYS_personality, 0xffffffff) & 0xff, PER_LINUX);
	pid_t child = FORK();

	if (child == 0) {
		become_user(OTHER_UID, OTHER_GID);
		CHECK_ERRNO(sethostname("x", 1), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}
