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

static int commit_change(struct credentials *new)
{
	adjust_capabilities(credentials_current(), new);
	user_thread_set_credentials(new);
	return 0;
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

int sys_setuid32(user_id uid)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (uid == UINT32_MAX)
		return -EINVAL;
	if (!credentials_capable(old, CAP_SETUID) && uid != old->uid && uid != old->suid)
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	if (credentials_capable(old, CAP_SETUID))
		new->uid = new->suid = uid;
	new->euid = new->fsuid = uid;
	return commit_change(new);
}

int sys_setgid32(group_id gid)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (gid == UINT32_MAX)
		return -EINVAL;
	if (!credentials_capable(old, CAP_SETGID) && gid != old->gid && gid != old->sgid)
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	if (credentials_capable(old, CAP_SETGID))
		new->gid = new->sgid = gid;
	new->egid = new->fsgid = gid;
	return commit_change(new);
}

/* May an unprivileged caller take `id`: unset, or one of the three it has? */
static bool is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == UINT32_MAX || id == a || id == b || id == c;
}

int sys_setreuid32(user_id ruid, user_id euid)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (!credentials_capable(old, CAP_SETUID) &&
	    (!is_one_of(ruid, old->uid, old->euid, old->euid) ||
	     !is_one_of(euid, old->uid, old->euid, old->suid)))
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	if (ruid != UINT32_MAX)
		new->uid = ruid;
	if (euid != UINT32_MAX)
		new->euid = euid;
	if (ruid != UINT32_MAX || (euid != UINT32_MAX && euid != old->uid))
		new->suid = new->euid;
	new->fsuid = new->euid;
	return commit_change(new);
}

int sys_setregid32(group_id rgid, group_id egid)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (!credentials_capable(old, CAP_SETGID) &&
	    (!is_one_of(rgid, old->gid, old->egid, old->egid) ||
	     !is_one_of(egid, old->gid, old->egid, old->sgid)))
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	if (rgid != UINT32_MAX)
		new->gid = rgid;
	if (egid != UINT32_MAX)
		new->egid = egid;
	if (rgid != UINT32_MAX || (egid != UINT32_MAX && egid != old->gid))
		new->sgid = new->egid;
	new->fsgid = new->egid;
	return commit_change(new);
}

int sys_setresuid32(user_id ruid, user_id euid, user_id suid)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (!credentials_capable(old, CAP_SETUID) &&
	    (!is_one_of(ruid, old->uid, old->euid, old->suid) ||
	     !is_one_of(euid, old->uid, old->euid, old->suid) ||
	     !is_one_of(suid, old->uid, old->euid, old->suid)))
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	if (ruid != UINT32_MAX)
		new->uid = ruid;
	if (euid != UINT32_MAX)
		new->euid = euid;
	if (suid != UINT32_MAX)
		new->suid = suid;
	new->fsuid = new->euid;
	return commit_change(new);
}

int sys_setresgid32(group_id rgid, group_id egid, group_id sgid)
{
	const struct credentials *old = credentials_current();
	struct credentials *new;

	if (!credentials_capable(old, CAP_SETGID) &&
	    (!is_one_of(rgid, old->gid, old->egid, old->sgid) ||
	     !is_one_of(egid, old->gid, old->egid, old->sgid) ||
	     !is_one_of(sgid, old->gid, old->egid, old->sgid)))
		return -EPERM;
	new = credentials_begin_change();
	if (!new)
		return -ENOMEM;
	if (rgid != UINT32_MAX)
		new->gid = rgid;
	if (egid != UINT32_MAX)
		new->egid = egid;
	if (sgid != UINT32_MAX)
		new->sgid = sgid;
	new->fsgid = new->egid;
	return commit_change(new);
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

/* setfsuid says the old id, whether it changed anything or not. */
int sys_setfsuid32(user_id uid)
{
	const struct credentials *old = credentials_current();
	user_id before = old->fsuid;
	struct credentials *new;

	if (uid == before ||
	    (!credentials_capable(old, CAP_SETUID) &&
	     !is_one_of(uid, old->uid, old->euid, old->suid)) ||
	    uid == UINT32_MAX)
		return (int)before;
	new = credentials_begin_change();
	if (!new)
		return (int)before;
	new->fsuid = uid;
	adjust_file_capabilities(old, new);
	user_thread_set_credentials(new);
	return (int)before;
}

int sys_setfsgid32(group_id gid)
{
	const struct credentials *old = credentials_current();
	group_id before = old->fsgid;
	struct credentials *new;

	if (gid == before ||
	    (!credentials_capable(old, CAP_SETGID) &&
	     !is_one_of(gid, old->gid, old->egid, old->sgid)) ||
	    gid == UINT32_MAX)
		return (int)before;
	new = credentials_begin_change();
	if (!new)
		return (int)before;
	new->fsgid = gid;
	user_thread_set_credentials(new);
	return (int)before;
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

/*
 * Sorted, because membership is found by halving. Insertion: lists are short and mostly in
 * order.
 */
static void sort_groups(struct credentials *credentials)
{
	for (unsigned int i = 1; i < credentials->group_count; i++) {
		group_id group = credentials->groups[i];
		unsigned int j = i;

		for (; j > 0 && credentials->groups[j - 1] > group; j--)
			credentials->groups[j] = credentials->groups[j - 1];
		credentials->groups[j] = group;
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
		new->groups[i] = group;
	}
	if (error) {
		credentials_put(new);
		return error;
	}
	sort_groups(new);
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
