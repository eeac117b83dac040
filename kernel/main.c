/*
 * Start-up, in order: a table of contents of the kernel.
 *
 * kernel_main() runs on the boot stack, which becomes the first CPU's idle thread; it may not
 * sleep. What may runs in a thread of its own, start_rest(), which ends when the first process has
 * been started.
 */
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/vdso.h"
#include "core/boot_args.h"
#include "core/config.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/stack_guard.h"
#include "core/stack_header.h"
#include "mem/event_memory.h"
#include "mem/page_frame.h"
#include "mem/vmap.h"
#include "sched/clock.h"
#include "sched/rcu.h"
#include "sched/schedule.h"
#include "sched/thread.h"
#include "sched/work_queue.h"
#include "block/block_device.h"
#include "vm/address_space.h"
#include "vm/writeback.h"
#include "vfs/credentials.h"
#include "vfs/initramfs.h"
#include "vfs/mount.h"
#include "vfs/path_walk.h"
#include "vfs/vfs.h"
#include "proc/process.h"
#include "net/socket.h"
#include "fs/devfs/devfs.h"
#include "fs/ext2/ext2.h"
#include "fs/procfs/procfs.h"
#include "fs/sysfs/sysfs.h"
#include "fs/tmpfs/tmpfs.h"
#include "ipc/ipc.h"
#include "tty/console.h"
#include "tty/pty.h"
#include "tty/tty.h"
#include "drivers/block/loop.h"
#include "drivers/char/serial.h"
#include "drivers/drivers.h"
#include "drivers/char/pc_speaker.h"
#include "drivers/input/ps2_keyboard.h"
#include "drivers/video/vga_text.h"
#include "entry/machine_memory.h"
#include "entry/syscall.h"

void kernel_main(void);

/* As on Linux: lines below the level are shown. The release kernel says only what is wrong. */
static void set_log_level(void)
{
	unsigned long level = boot_args_number("loglevel", LOG_WARNING + 1);

	if (boot_args_get("quiet"))
		level = LOG_ERROR + 1;
	printk_set_level(level > LOG_DEBUG ? LOG_DEBUG : level > 0 ? level - 1 : LOG_EMERGENCY);
}

/* Without a disk to boot from, the module's files in memory are the root. */
static void mount_initramfs(struct path *root)
{
	const struct boot_range *module = &boot_info()->module;
	size_t size = (size_t)(module->end - module->start);
	int error = mount_root_create("tmpfs", "rootfs", 0, root);

	if (error)
		panic("cannot make the root: error %d", -error);
	if (size == 0)
		return;
	error = initramfs_unpack(root, phys_to_virt(module->start), size);
	if (error)
		panic("cannot unpack the initramfs: error %d", -error);
	page_frame_release_boot(module->start, module->end);
}

static void mount_disk(const char *device, struct path *root)
{
	const char *type = boot_args_get("rootfstype");
	uint32_t flags = boot_args_get("ro") ? MOUNT_READ_ONLY : 0;
	int error = mount_root_create(type ? type : "ext2", device, flags, root);

	if (error)
		panic("cannot mount %s as the root: error %d", device, -error);
}

static void mount_at(const struct path *root, const char *name, const char *type)
{
	struct walk_context context = { *root, *root, &credentials_root };
	struct path place;
	int error = path_walk(&context, name, WALK_FOLLOW | WALK_DIRECTORY, &place);

	if (!error) {
		error = mount_create(type, &place, type, 0, NULL);
		path_put(&place);
	}
	if (error)
		printk(LOG_WARNING, "cannot mount %s: error %d", name, -error);
}

/* The devices are there before the first program, which opens its console at once. */
static void mount_devices(const struct path *root)
{
	mount_at(root, "/dev", "devfs");
	mount_at(root, "/dev/pts", "devpts");
}

static void mount_root(void)
{
	const char *device = boot_args_get("root");
	struct path root;

	if (device)
		mount_disk(device, &root);
	else
		mount_initramfs(&root);
	mount_devices(&root);
	path_put(&root);
}

static void start_init(void)
{
	static const char *arguments[2];
	const char *path = boot_args_get("init");

	arguments[0] = path ? path : "/sbin/init";
	process_start_init(arguments[0], arguments);
}

/* What may sleep. */
static void start_rest(void *argument)
{
	(void)argument;
	schedule_start_other_cpus();
	vm_init();
	writeback_init();
	vfs_init();
	tmpfs_init();
	anonymous_memory_init();
	devfs_init();
	procfs_init();
	sysfs_init();
	ext2_init();
	process_init();
	ipc_init();
	syscall_trace_init();
	tty_init();
	pty_init();
	socket_system_init();
	vga_text_init();
	console_init();
	ps2_keyboard_init();
	pc_speaker_init();
	serial_init();
	drivers_init();
	block_device_scan_all();
	loop_init();
	mount_root();
	if (CONFIG_INVARIANTS)
		mmu_check_kernel();
	start_init();
}

static void start_thread(const char *name, void (*entry)(void *))
{
	struct thread *thread = thread_create_kernel(name, entry, NULL);

	if (!thread)
		panic("no memory for the first thread");
	thread_start(thread);
}

void kernel_main(void)
{
	early_console_init();
	machine_init_cpu();
	stack_guard_init();
	boot_args_init(boot_info()->command_line);
	set_log_level();

	page_frame_init(boot_info());
	vmap_init();
	machine_memory_init();
	machine_init_time();
	event_memory_init();
	vdso_init();

	if (schedule_init_cpu(0))
		panic("no memory for the idle thread");
	irq_enable();
	clock_init();
	work_queue_init();
	rcu_init();

	start_thread("boot", start_rest);
	schedule_idle_loop();
}
