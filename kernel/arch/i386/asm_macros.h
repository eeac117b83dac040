/*
 * For assembly only: instructions that may fault, and those that depend on SMAP.
 */
#pragma once

/*
 * A fault at `instruction` continues at `fixup`; `nofault` 1: without trying to satisfy it. Read by
 * trap.c.
 */
.macro EXCEPTION instruction, fixup, nofault=0
	.pushsection .exception_table, "a"
	.long \instruction, \fixup, \nofault
	.popsection
.endm

/* Three bytes that do nothing, until user_copy_patch() finds SMAP. */
.macro SMAP_SLOT is_open
	.pushsection .smap_patches, "a"
	.long 971f, \is_open
	.popsection
971:	.byte 0x8d, 0x76, 0x00
.endm

/* From STAC to CLAC, user memory may be touched. */
.macro USER_ACCESS_OPEN
	SMAP_SLOT 1
.endm
.macro USER_ACCESS_CLOSE
	SMAP_SLOT 0
.endm
