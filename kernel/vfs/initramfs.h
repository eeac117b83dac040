/*
 * The first files: a cpio archive that came with the kernel becomes the root.
 */
#pragma once
#include <stddef.h>
#include "core/compiler.h"
#include "vfs/mount.h"

/*
 * Make everything in the "newc" archive under `root`. Errors: -EINVAL (damaged), -ENOMEM, -ENOSPC.
 * May sleep.
 */
must_check int initramfs_unpack(const struct path *root, const void *archive, size_t size);
