/*
 * Who a program will act as: what exec makes of ids and capabilities.
 *
 * The rules are those of capabilities(7), where file.X stands for the sets of the file's own
 * (vfs/file_capability.h):
 *	permitted' = (bounding & file.permitted) | (inheritable & file.inheritable) | ambient
 *	effective' = file.effective ? permitted' : ambient
 * For root, which is a real or effective user id of 0, unless SECURE_NO_ROOT denies its magic, all
 * are in the file's sets; and all are effective if the effective id is 0. Not so where somebody
 * else runs a set-user-id program of root that has capabilities of its own: it was given them so as
 * to have no more. Ambient ones end where set-user-ID or set-group-ID changes an id, and where the
 * file has capabilities, be they none.
 *
 * Who must not gain gets no more than he had: with no_new_privileges, when he is traced by somebody
 * without the power to, or when a foreign process shares his root and working directory and could
 * change them under the privileged program.
 */
#include "proc/exec_credentials.h"
#include "proc/process.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/file_capability.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

/*
 * The bits and whom they stand for are read together: a chown takes the bits away, and whoever saw
 * the old bits with the new owner would run somebody's program as root.
 */
static void take_file_ids(const struct file *file, struct credentials *new)
{
	struct inode *inode = file->inode;
	file_mode mode;

	if (likely(!(inode->mode & (MODE_SETUID | MODE_SETGID))) || new->no_new_privileges ||
	    (atomic_load(&file->path.mount->flags) & MOUNT_NO_SUID))
		return;
	spin_lock(&inode->state_lock);
	mode = inode->mode;
	if (mode & MODE_SETUID)
		new->euid = inode->uid;
	/* Without group execution the bit means mandatory locking, not a change of group. */
	if ((mode & (MODE_SETGID | 0010)) == (MODE_SETGID | 0010))
		new->egid = inode->gid;
	spin_unlock(&inode->state_lock);
}

static bool may_gain(const struct credentials *old)
{
	if (old->no_new_privileges || !process_claim_fs())
		return false;
	if (trace_begin_privilege())
		return true;
	process_unclaim_fs();
	return false;
}

void exec_credentials_end(struct exec_identity *identity)
{
	if (identity->credentials)
		credentials_put(identity->credentials);
	if (!identity->gains_privilege)
		return;
	trace_end_privilege();
	process_unclaim_fs();
}

/*
 * What the file's capabilities and root's magic give. `effective`: at once. Errors: as
 * exec_credentials.
 */
static int take_capabilities(const struct file *file, const struct credentials *old,
			     struct credentials *new, struct file_capability *out)
{
	const uint64_t all = ((uint64_t)1 << CAP_COUNT) - 1;
	bool is_root = new->euid == 0 || new->uid == 0;
	int error;

	*out = (struct file_capability){ .exists = false };
	new->cap_permitted = 0;
	if (!(atomic_load(&file->path.mount->flags) & MOUNT_NO_SUID)) {
		error = file_capability_get(file->inode, out);
		if (error)
			return error;
		new->cap_permitted = (out->permitted & new->cap_bounding) |
				     (out->inheritable & new->cap_inheritable);
		/* A program that does not know of capabilities would not notice. */
		if (out->effective && (out->permitted & ~new->cap_permitted))
			return -EPERM;
	}
	if (!is_root || (new->secure_bits & SECURE_NO_ROOT) || (out->exists && new->uid != 0))
		return 0;
	new->cap_permitted = (old->cap_bounding | old->cap_inheritable) & all;
	out->effective |= new->euid == 0;
	return 0;
}

/* Who must not gain gets no more than he had, and maybe less. */
static void take_back(const struct credentials *old, struct credentials *new)
{
	if (!credentials_capable(old, CAP_SETUID) || old->no_new_privileges) {
		new->euid = new->uid;
		new->egid = new->gid;
	}
	new->cap_permitted &= old->cap_permitted;
}

int exec_credentials(const struct file *file, struct exec_identity *out)
{
	const struct credentials *old = credentials_current();
	struct credentials *new = credentials_copy(old, old->group_count);
	struct file_capability given;
	bool changes_ids, gains;
	int error;

	if (!new)
		return -ENOMEM;
	take_file_ids(file, new);
	error = take_capabilities(file, old, new, &given);
	if (error) {
		credentials_put(new);
		return error;
	}
	changes_ids = new->euid != old->uid || new->egid != old->gid;
	gains = changes_ids || (new->cap_permitted & ~old->cap_permitted);
	out->gains_privilege = gains && may_gain(old);
	if (gains && !out->gains_privilege)
		take_back(old, new);
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	if (changes_ids || given.exists)
		new->cap_ambient = 0;
	new->cap_permitted |= new->cap_ambient;
	new->cap_effective = given.effective ? new->cap_permitted : new->cap_ambient;
	new->secure_bits &= ~(uint32_t)SECURE_KEEP_CAPS;
	out->is_secure = changes_ids ||
			 (new->uid != 0 &&
			  (given.effective || (new->cap_permitted & ~new->cap_ambient)));
	out->may_dump = new->euid == new->uid && new->egid == new->gid &&
			new->euid == old->euid && new->egid == old->egid &&
			new->fsuid == old->fsuid && new->fsgid == old->fsgid &&
			!(new->cap_permitted & ~old->cap_permitted);
	out->credentials = new;
	return 0;
}
