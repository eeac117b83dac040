/*
 * Who a process is: user and group ids in 16 and 32 bits, and supplementary groups.
 *
 * The rules are Linux's: a privileged caller (CAP_SETUID, CAP_SETGID) sets what it likes; others
 * may choose among their real, effective and saved ids. When the last of the three user ids
 * leaves 0, capabilities go.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum { GROUPS_MAX = 65536 };

static uint32_t id_from_16(uint32_t id)
{
	return (uint16_t)id == UINT16_MAX ? UINT32_MAX : (uint16_t)id;
}

/* What 16-bit calls show for ids that do not fit. */
static int id_to_16(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (int)id;
}

/*
 * After user ids changed: what happens to capabilities (capabilities(7), "Effect of user ID
 * changes").
 */
static void adjust_capabilities(const struct credentials *old, struct credentials *new)
{
	bool was_root = old->uid == 0 || old->euid == 0 || old->suid == 0;
	bool is_root = new->uid == 0 || new->euid == 0 || new->suid == 0;

	if (old->secure_bits & SECURE_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(old->secure_bits & SECURE_KEEP_CAPS)) {
			new->cap_permitted = 0;
			new->cap_effective = 0;
		}
		/* Programs that know nothing of them expect nothing to be left after an exec. */
		new->cap_ambient = 0;
	}
	if (old->euid == 0 && new->euid != 0)
		new->cap_effective = 0;
	if (old->euid != 0 && new->euid == 0)
		new->cap_effective = new->cap_permitted;
}

/* The capabilities about files go and come with the file system's user id. */
static void adjust_file_capabilities(const struct credentials *old, struct credentials *new)
{
	const uint64_t of_files =
		(uint64_t)1 << CAP_CHOWN | (uint64_t)1 << CAP_DAC_OVERRIDE |
		(uint64_t)1 << CAP_DAC_READ_SEARCH | (uint64_t)1 << CAP_FOWNER |
		(uint64_t)1 << CAP_FSETID | (uint64_t)1 << CAP_LINUX_IMMUTABLE |
		(uint64_t)1 << CAP_MKNOD | (uint64_t)1 << CAP_MAC_OVERRIDE;

	if (old->secure_bits & SECURE_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == 0 && new->fsuid != 0)
		new->cap_effective &= ~of_files;
	if (old->fsuid != 0 && new->fsuid == 0)
		new->cap_effective |= new->cap_permitted & of_files;
}

struct credentials *credentials_begin_change(void)
{
	const struct credentials *old = credentials_current();

	return credentials_copy(old, old->group_count);
}

int sys_getuid32(void)
{
	return (int)credentials_current()->uid;
}
int sys_geteuid32(void)
{
	return (int)credentials_current()->euid;
}
int sys_getgid32(void)
{
	return (int)credentials_current()->gid;
}
int sys_getegid32(void)
{
	return (int)credentials_current()->egid;
}
int sys_getuid(void)
{
	return id_to_16(credentials_current()->uid);
}
int sys_geteuid(void)
{
	return id_to_16(credentials_current()->euid);
}
int sys_getgid(void)
{
	return id_to_16(credentials_current()->gid);
}
int sys_getegid(void)
{
	return id_to_16(credentials_current()->egid);
}

/* The four ids of one kind: of the user, or of the group. */
struct id_set {
	uint32_t real, effective, saved, file_system;
};

static struct id_set user_ids(const struct credentials *c)
{
	return (struct id_set){ c->uid, c->euid, c->suid, c->fsuid };
}

static struct id_set group_ids(const struct credentials *c)
{
	return (struct id_set){ c->gid, c->egid, c->sgid, c->fsgid };
}

/* Errors: -ENOMEM. */
static int set_user_ids(const struct id_set *ids)
{
	const struct credentials *old = credentials_current();
	struct credentials *new = credentials_begin_change();

	if (!new)
		return -ENOMEM;
	new->uid = ids->real;
	new->euid = ids->effective;
	new->suid = ids->saved;
	new->fsuid = ids->file_system;
	adjust_capabilities(old, new);
	user_thread_set_credentials(new);
	return 0;
}

/* Errors: -ENOMEM. */
static int set_group_ids(const struct id_set *ids)
{
	struct credentials *new = credentials_begin_change();

	if (!new)
		return -ENOMEM;
	new->gid = ids->real;
	new->egid = ids->effective;
	new->sgid = ids->saved;
	new->fsgid = ids->file_system;
	user_thread_set_credentials(new);
	return 0;
}

static bool may_set(unsigned int capability)
{
	return credentials_capable(credentials_current(), capability);
}

/* setuid(2) and setgid(2), on one kind of ids. Errors: -EINVAL, -EPERM. */
static int change_one(struct id_set *ids, bool privileged, uint32_t id)
{
	if (id == UINT32_MAX)
		return -EINVAL;
	if (!privileged && id != ids->real && id != ids->saved)
		return -EPERM;
	if (privileged)
		ids->real = ids->saved = id;
	ids->effective = ids->file_system = id;
	return 0;
}

int sys_setuid32(user_id uid)
{
	struct id_set ids = user_ids(credentials_current());
	int error = change_one(&ids, may_set(CAP_SETUID), uid);

	return error ? error : set_user_ids(&ids);
}

int sys_setgid32(group_id gid)
{
	struct id_set ids = group_ids(credentials_current());
	int error = change_one(&ids, may_set(CAP_SETGID), gid);

	return error ? error : set_group_ids(&ids);
}

/* May an unprivileged caller take `id`: unset, or one of the three it has? */
static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == UINT32_MAX || id == a || id == b || id == c;
}

static bool is_own(uint32_t id, const struct id_set *ids)
{
	return is_one_of(id, ids->real, ids->effective, ids->saved);
}

/* setreuid(2) and setregid(2): the saved id follows when the real one, or a new one, is set. */
static int change_two(struct id_set *ids, bool privileged, uint32_t real, uint32_t effective)
{
	bool moves_saved = real != UINT32_MAX ||
			   (effective != UINT32_MAX && effective != ids->real);

	if (!privileged && (!is_one_of(real, ids->real, ids->effective, ids->effective) ||
			    !is_own(effective, ids)))
		return -EPERM;
	if (real != UINT32_MAX)
		ids->real = real;
	if (effective != UINT32_MAX)
		ids->effective = effective;
	if (moves_saved)
		ids->saved = ids->effective;
	ids->file_system = ids->effective;
	return 0;
}

int sys_setreuid32(user_id ruid, user_id euid)
{
	struct id_set ids = user_ids(credentials_current());
	int error = change_two(&ids, may_set(CAP_SETUID), ruid, euid);

	return error ? error : set_user_ids(&ids);
}

int sys_setregid32(group_id rgid, group_id egid)
{
	struct id_set ids = group_ids(credentials_current());
	int error = change_two(&ids, may_set(CAP_SETGID), rgid, egid);

	return error ? error : set_group_ids(&ids);
}

/* setresuid(2) and setresgid(2). */
static int change_three(struct id_set *ids, bool privileged, uint32_t real, uint32_t effective,
			uint32_t saved)
{
	if (!privileged && (!is_own(real, ids) || !is_own(effective, ids) || !is_own(saved, ids)))
		return -EPERM;
	if (real != UINT32_MAX)
		ids->real = real;
	if (effective != UINT32_MAX)
		ids->effective = effective;
	if (saved != UINT32_MAX)
		ids->saved = saved;
	ids->file_system = ids->effective;
	return 0;
}

int sys_setresuid32(user_id ruid, user_id euid, user_id suid)
{
	struct id_set ids = user_ids(credentials_current());
	int error = change_three(&ids, may_set(CAP_SETUID), ruid, euid, suid);

	return error ? error : set_user_ids(&ids);
}

int sys_setresgid32(group_id rgid, group_id egid, group_id sgid)
{
	struct id_set ids = group_ids(credentials_current());
	int error = change_three(&ids, may_set(CAP_SETGID), rgid, egid, sgid);

	return error ? error : set_group_ids(&ids);
}

static int put_three(user_addr a, user_addr b, user_addr c, const uint32_t ids[3])
{
	if (put_user_u32(a, ids[0]) || put_user_u32(b, ids[1]) || put_user_u32(c, ids[2]))
		return -EFAULT;
	return 0;
}

static int put_three_16(user_addr a, user_addr b, user_addr c, const uint32_t ids[3])
{
	const user_addr to[3] = { a, b, c };

	for (unsigned int i = 0; i < 3; i++) {
		uint16_t id = (uint16_t)id_to_16(ids[i]);

		if (copy_to_user(to[i], &id, sizeof(id)))
			return -EFAULT;
	}
	return 0;
}

int sys_getresuid32(user_addr ruid, user_addr euid, user_addr suid)
{
	const struct credentials *own = credentials_current();

	return put_three(ruid, euid, suid, (const uint32_t[]){ own->uid, own->euid, own->suid });
}

int sys_getresgid32(user_addr rgid, user_addr egid, user_addr sgid)
{
	const struct credentials *own = credentials_current();

	return put_three(rgid, egid, sgid, (const uint32_t[]){ own->gid, own->egid, own->sgid });
}

int sys_getresuid(user_addr ruid, user_addr euid, user_addr suid)
{
	const struct credentials *own = credentials_current();

	return put_three_16(ruid, euid, suid, (const uint32_t[]){ own->uid, own->euid, own->suid });
}

int sys_getresgid(user_addr rgid, user_addr egid, user_addr sgid)
{
	const struct credentials *own = credentials_current();

	return put_three_16(rgid, egid, sgid, (const uint32_t[]){ own->gid, own->egid, own->sgid });
}

/* May the file system's id become `id`? setfsuid(2) has no error: it says the old one. */
static bool may_set_file_system_id(const struct id_set *ids, bool privileged, uint32_t id)
{
	return id != UINT32_MAX && id != ids->file_system && (privileged || is_own(id, ids));
}

int sys_setfsuid32(user_id uid)
{
	const struct credentials *old = credentials_current();
	const struct id_set ids = user_ids(old);
	struct credentials *new;

	if (!may_set_file_system_id(&ids, may_set(CAP_SETUID), uid))
		return (int)ids.file_system;
	new = credentials_begin_change();
	if (new) {
		new->fsuid = uid;
		adjust_file_capabilities(old, new);
		user_thread_set_credentials(new);
	}
	return (int)ids.file_system;
}

int sys_setfsgid32(group_id gid)
{
	const struct id_set ids = group_ids(credentials_current());
	struct id_set new = ids;

	new.file_system = gid;
	/* For want of memory nothing changes, and the caller sees that. */
	if (may_set_file_system_id(&ids, may_set(CAP_SETGID), gid))
		(void)!set_group_ids(&new);
	return (int)ids.file_system;
}

int sys_setuid(uint32_t uid)
{
	return sys_setuid32(id_from_16(uid));
}
int sys_setgid(uint32_t gid)
{
	return sys_setgid32(id_from_16(gid));
}
int sys_setfsuid(uint32_t uid)
{
	return sys_setfsuid32(id_from_16(uid));
}
int sys_setfsgid(uint32_t gid)
{
	return sys_setfsgid32(id_from_16(gid));
}

int sys_setreuid(uint32_t ruid, uint32_t euid)
{
	return sys_setreuid32(id_from_16(ruid), id_from_16(euid));
}

int sys_setregid(uint32_t rgid, uint32_t egid)
{
	return sys_setregid32(id_from_16(rgid), id_from_16(egid));
}

int sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return sys_setresuid32(id_from_16(ruid), id_from_16(euid), id_from_16(suid));
}

int sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return sys_setresgid32(id_from_16(rgid), id_from_16(egid), id_from_16(sgid));
}

int sys_getgroups32(int size, user_addr to)
{
	const struct credentials *own = credentials_current();

	if (size < 0 || (size && (unsigned int)size < own->group_count))
		return -EINVAL;
	if (size && copy_to_user(to, own->groups, own->group_count * sizeof(group_id)))
		return -EFAULT;
	return (int)own->group_count;
}

int sys_getgroups(int size, user_addr to)
{
	const struct credentials *own = credentials_current();

	if (size < 0 || (size && (unsigned int)size < own->group_count))
		return -EINVAL;
	for (unsigned int i = 0; size && i < own->group_count; i++) {
		uint16_t group = (uint16_t)id_to_16(own->groups[i]);

		if (copy_to_user(user_addr_add(to, i * sizeof(group)), &group, sizeof(group)))
			return -EFAULT;
	}
	return (int)own->group_count;
}

/* Let the group at `root` sink to its place in the heap of the first `count`. */
static void sink_group(group_id *groups, unsigned int root, unsigned int count)
{
	for (unsigned int child; (child = 2 * root + 1) < count; root = child) {
		group_id parent = groups[root];

		if (child + 1 < count && groups[child + 1] > groups[child])
			child++;
		if (parent >= groups[child])
			return;
		groups[root] = groups[child];
		groups[child] = parent;
	}
}

/* Sorted, because membership is found by halving. A heap: nobody's list makes it slow. */
static void sort_groups(group_id *groups, unsigned int count)
{
	for (unsigned int i = count / 2; i-- > 0;)
		sink_group(groups, i, count);
	for (unsigned int end = count; end-- > 1;) {
		group_id largest = groups[0];

		groups[0] = groups[end];
		groups[end] = largest;
		sink_group(groups, 0, end);
	}
}

static int set_groups(int size, user_addr from, bool wide)
{
	struct credentials *new;
	int error = 0;

	if (!credentials_capable(credentials_current(), CAP_SETGID))
		return -EPERM;
	if (size < 0 || size > GROUPS_MAX)
		return -EINVAL;
	new = credentials_copy(credentials_current(), (unsigned int)size);
	if (!new)
		return -ENOMEM;
	new->group_count = (unsigned int)size;
	if (wide)
		error = copy_from_user(new->groups, from, (size_t)size * sizeof(group_id));
	for (int i = 0; !wide && i < size && !error; i++) {
		uint16_t group;

		error = copy_from_user(&group, user_addr_add(from, (size_t)i * sizeof(group)),
				       sizeof(group));
		/* The mark that means no group here is 16 bits long. */
		new->groups[i] = group == UINT16_MAX ? (group_id)-1 : group;
	}
	for (int i = 0; i < size && !error; i++) {
		if (new->groups[i] == (group_id)-1)
			error = -EINVAL;
	}
	if (error) {
		credentials_put(new);
		return error;
	}
	sort_groups(new->groups, new->group_count);
	user_thread_set_credentials(new);
	return 0;
}

int sys_setgroups32(int size, user_addr from)
{
	return set_groups(size, from, true);
}

int sys_setgroups(int size, user_addr from)
{
	return set_groups(size, from, false);
}
