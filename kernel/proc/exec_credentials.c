/*
 * Who a program will act as: what exec makes of ids and capabilities.
 *
 * Files carry no capabilities here, so their rules (capabilities(7)) come down to this:
 *	permitted' = (root ? bounding | inheritable : none) | ambient
 *	effective' = effectively root ? permitted' : ambient
 * where root is a real or effective user id of 0, unless SECURE_NO_ROOT denies its magic. Ambient
 * ones end where set-user-ID or set-group-ID changes an id.
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

int exec_credentials(const struct file *file, struct exec_identity *out)
{
	const uint64_t all = ((uint64_t)1 << CAP_COUNT) - 1;
	const struct credentials *old = credentials_current();
	struct credentials *new = credentials_copy(old, old->group_count);
	bool root_has_magic, is_effective, changes_ids, gains;

	if (!new)
		return -ENOMEM;
	take_file_ids(file, new);
	root_has_magic = !(new->secure_bits & SECURE_NO_ROOT);
	is_effective = root_has_magic && new->euid == 0;
	new->cap_permitted = 0;
	if (root_has_magic && (new->euid == 0 || new->uid == 0))
		new->cap_permitted = (old->cap_bounding | old->cap_inheritable) & all;
	changes_ids = new->euid != old->uid || new->egid != old->gid;
	gains = changes_ids || (new->cap_permitted & ~old->cap_permitted);
	out->gains_privilege = gains && may_gain(old);
	if (gains && !out->gains_privilege) {
		if (!credentials_capable(old, CAP_SETUID) || old->no_new_privileges) {
			new->euid = new->uid;
			new->egid = new->gid;
		}
		new->cap_permitted &= old->cap_permitted;
	}
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	if (changes_ids)
		new->cap_ambient = 0;
	new->cap_permitted |= new->cap_ambient;
	new->cap_effective = is_effective ? new->cap_permitted : new->cap_ambient;
	new->secure_bits &= ~(uint32_t)SECURE_KEEP_CAPS;
	out->is_secure = changes_ids ||
			 (new->uid != 0 &&
			  (is_effective || (new->cap_permitted & ~new->cap_ambient)));
	out->may_dump = new->euid == new->uid && new->egid == new->gid &&
			new->euid == old->euid && new->egid == old->egid &&
			new->fsuid == old->fsuid && new->fsgid == old->fsgid &&
			!(new->cap_permitted & ~old->cap_permitted);
	out->credentials = new;
	return 0;
}
