/*
 * The machine as a whole: names, memory figures, the log, random numbers, reboot.
 */
#include "arch/cpu.h"
#include "arch/user_copy.h"
#include "core/printk.h"
#include "core/random.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/page_frame.h"
#include "proc/process.h"
#include "proc/system_names.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "sched/mutex.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "tty/job_control.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/kernel_log.h"
#include "vfs/mount.h"

enum { NAME_FIELDS = 6 };

int sys_uname(user_addr to)
{
	char out[NAME_FIELDS][SYSTEM_NAME_SIZE];

	memset(out, 0, sizeof(out));
	/* Programs ask for what they know how to use; the version says who we are. */
	strlcpy(out[0], SYSTEM_NAME, sizeof(out[0]));
	system_name_get(SYSTEM_HOST, out[1]);
	strlcpy(out[2], system_release(), sizeof(out[2]));
	strlcpy(out[3], SYSTEM_VERSION, sizeof(out[3]));
	strlcpy(out[4], SYSTEM_MACHINE, sizeof(out[4]));
	system_name_get(SYSTEM_DOMAIN, out[5]);
	return copy_to_user(to, out, sizeof(out));
}

/* The call before uname had a domain name. */
int sys_olduname(user_addr to)
{
	char out[NAME_FIELDS - 1][SYSTEM_NAME_SIZE];

	memset(out, 0, sizeof(out));
	strlcpy(out[0], SYSTEM_NAME, sizeof(out[0]));
	system_name_get(SYSTEM_HOST, out[1]);
	strlcpy(out[2], system_release(), sizeof(out[2]));
	strlcpy(out[3], SYSTEM_VERSION, sizeof(out[3]));
	strlcpy(out[4], SYSTEM_MACHINE, sizeof(out[4]));
	return copy_to_user(to, out, sizeof(out));
}

static int set_name(enum system_name which, user_addr from, int size)
{
	char name[SYSTEM_NAME_SIZE];

	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (size < 0 || size >= SYSTEM_NAME_SIZE)
		return -EINVAL;
	if (copy_from_user(name, from, (size_t)size))
		return -EFAULT;
	system_name_set(which, name, (size_t)size);
	return 0;
}

int sys_sethostname(user_addr from, int size)
{
	return set_name(SYSTEM_HOST, from, size);
}

int sys_setdomainname(user_addr from, int size)
{
	return set_name(SYSTEM_DOMAIN, from, size);
}

int sys_sysinfo(user_addr to)
{
	struct {
		int32_t uptime;
		uint32_t loads[3];
		uint32_t total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
		uint16_t processes, pad;
		uint32_t total_high, free_high, unit;
		char padding[8];
	} out;
	struct frame_counts frames;
	uint32_t loads[3];

	_Static_assert(sizeof(out) == 64, "struct sysinfo of i386");
	memset(&out, 0, sizeof(out));
	page_frame_count(&frames);
	schedule_load_averages(loads);
	out.uptime = (int32_t)div64_u32(clock_monotonic_ns(), 1000000000, NULL);
	for (unsigned int i = 0; i < 3; i++)
		out.loads[i] = loads[i] << 5; /* 1/2048 to 1/65536 */
	out.total_ram = frames.total;
	out.free_ram = frames.free;
	out.processes = (uint16_t)process_count();
	out.unit = PAGE_SIZE;
	return copy_to_user(to, &out, sizeof(out));
}

enum {
	SYSLOG_CLOSE,
	SYSLOG_OPEN,
	SYSLOG_READ,
	SYSLOG_READ_ALL,
	SYSLOG_READ_CLEAR,
	SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON,
	SYSLOG_CONSOLE_LEVEL,
	SYSLOG_SIZE_UNREAD,
	SYSLOG_SIZE_BUFFER,
};

/* What CONSOLE_OFF found, for CONSOLE_ON; LOG_LEVEL_NONE: it was not off. Only a hint too. */
enum { LOG_LEVEL_NONE = -1 };
static int log_saved_level = LOG_LEVEL_NONE;

/* The three commands that read. Each has its buffer looked at first. */
static int read_log_by(int command, user_addr to, int size)
{
	struct io_buffer buffer;
	int result;

	if (!to || size < 0)
		return -EINVAL;
	if (size == 0)
		return 0;
	io_buffer_init_user(&buffer, to, (size_t)size);
	if (command == SYSLOG_READ)
		return (int)kernel_log_consume(&buffer, true);
	result = (int)kernel_log_read_newest(&buffer);
	if (command == SYSLOG_READ_CLEAR && result >= 0)
		kernel_log_clear();
	return result;
}

static int set_console_level(int command, int level)
{
	switch (command) {
	case SYSLOG_CONSOLE_OFF:
		if (log_saved_level == LOG_LEVEL_NONE)
			log_saved_level = (int)printk_level();
		printk_set_level(LOG_EMERGENCY);
		return 0;
	case SYSLOG_CONSOLE_ON:
		if (log_saved_level != LOG_LEVEL_NONE)
			printk_set_level((enum log_level)log_saved_level);
		log_saved_level = LOG_LEVEL_NONE;
		return 0;
	default: /* Linux shows what is below the level, we what is not above it. */
		if (level < 1 || level > 8)
			return -EINVAL;
		log_saved_level = LOG_LEVEL_NONE;
		printk_set_level((enum log_level)(level - 1));
		return 0;
	}
}

int sys_syslog(int command, user_addr buffer, int size)
{
	if (command != SYSLOG_READ_ALL && command != SYSLOG_SIZE_BUFFER &&
	    !credentials_capable(credentials_current(), CAP_SYSLOG) &&
	    !credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	switch (command) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return read_log_by(command, buffer, size);
	case SYSLOG_CLEAR:
		kernel_log_clear();
		return 0;
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
	case SYSLOG_CONSOLE_LEVEL:
		return set_console_level(command, size);
	case SYSLOG_SIZE_UNREAD:
		return (int)kernel_log_unread();
	case SYSLOG_SIZE_BUFFER:
		return 1 << 16;
	default:
		return -EINVAL;
	}
}

int sys_getrandom(user_addr to, size_t size, uint32_t flags)
{
	enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };
	uint8_t chunk[256];
	size_t done = 0;

	if ((flags & ~(uint32_t)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_INSECURE | GRND_RANDOM)) == (GRND_INSECURE | GRND_RANDOM))
		return -EINVAL;
	size = min_t(size_t, size, INT32_MAX);
	while (done < size) {
		size_t count = min_t(size_t, size - done, sizeof(chunk));

		random_bytes(chunk, count);
		if (copy_to_user(user_addr_add(to, done), chunk, count)) {
			memset(chunk, 0, sizeof(chunk));
			return done ? (int)done : -EFAULT;
		}
		done += count;
		if (thread_is_interrupted(thread_current()) && done >= sizeof(chunk))
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return (int)done;
}

#define REBOOT_MAGIC1 0xfee1deadu
#define REBOOT_MAGIC2 672274793u
#define REBOOT_MAGIC2A 85072278u
#define REBOOT_MAGIC2B 369367448u
#define REBOOT_MAGIC2C 537993216u
#define REBOOT_RESTART 0x01234567u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_CAD_ON 0x89abcdefu
#define REBOOT_CAD_OFF 0u
#define REBOOT_POWER_OFF 0x4321fedcu

/* The caller's own terminal, if it has one. */
int sys_vhangup(void)
{
	if (!credentials_capable(credentials_current(), CAP_SYS_TTY_CONFIG))
		return -EPERM;
	job_control_hang_up_current();
	return 0;
}

int sys_reboot(uint32_t magic1, uint32_t magic2, uint32_t command)
{
	if (!credentials_capable(credentials_current(), CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != REBOOT_MAGIC1 || (magic2 != REBOOT_MAGIC2 && magic2 != REBOOT_MAGIC2A &&
					magic2 != REBOOT_MAGIC2B && magic2 != REBOOT_MAGIC2C))
		return -EINVAL;
	switch (command) {
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF:
		return 0; /* Ctrl-Alt-Del goes to init in any case */
	case REBOOT_RESTART:
		printk(LOG_NOTICE, "restarting");
		machine_restart();
	case REBOOT_HALT:
		printk(LOG_NOTICE, "halted");
		cpu_halt_forever();
	case REBOOT_POWER_OFF:
		printk(LOG_NOTICE, "power off");
		machine_power_off();
	default:
		return -EINVAL;
	}
}
