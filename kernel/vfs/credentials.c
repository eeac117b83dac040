/*
 * Credentials: copies, groups, capabilities.
 */
#include "vfs/credentials.h"

#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/capability.h"

#define ALL_CAPABILITIES ((UINT64_C(1) << CAP_COUNT) - 1)

struct credentials credentials_root = {
	.references = REFCOUNT_INIT(1),
	.cap_permitted = ALL_CAPABILITIES,
	.cap_effective = ALL_CAPABILITIES,
	.cap_bounding = ALL_CAPABILITIES,
};

static const struct credentials *(*find_caller)(void);	/* [I] after boot */

void credentials_set_caller(const struct credentials *(*caller)(void))
{
	find_caller = caller;
}

const struct credentials *credentials_caller(void)
{
	return find_caller ? find_caller() : &credentials_root;
}

struct credentials *credentials_copy(const struct credentials *from, unsigned int group_count)
{
	unsigned int kept = from->group_count < group_count ? from->group_count : group_count;
	struct credentials *copy =
		kmalloc(sizeof(*copy) + group_count * sizeof(copy->groups[0]), 0);

	if (!copy)
		return NULL;
	memcpy(copy, from, sizeof(*copy));
	memcpy(copy->groups, from->groups, kept * sizeof(copy->groups[0]));
	memset(copy->groups + kept, 0, (group_count - kept) * sizeof(copy->groups[0]));
	copy->group_count = group_count;
	refcount_set(&copy->references, 1);
	return copy;
}

void credentials_put(const struct credentials *credentials)
{
	struct credentials *mutable = (struct credentials *)credentials;

	if (refcount_put(&mutable->references))
		kfree(mutable);
}

static bool is_supplementary(const struct credentials *credentials, group_id group)
{
	unsigned int low = 0, high = credentials->group_count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (credentials->groups[middle] == group)
			return true;
		if (credentials->groups[middle] < group)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool credentials_in_group(const struct credentials *credentials, group_id group)
{
	return credentials->fsgid == group || is_supplementary(credentials, group);
}

bool credentials_in_egroup(const struct credentials *credentials, group_id group)
{
	return credentials->egid == group || is_supplementary(credentials, group);
}
