/*
 * Ioctls of virtual consoles: keyboard and display (KD...), and switching (VT_...).
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define KIOCSOUND	0x4b2fu
#define KDMKTONE	0x4b30u
#define KDGETLED	0x4b31u
#define KDSETLED	0x4b32u
#define KDGKBTYPE	0x4b33u
#define KDSETMODE	0x4b3au
#define KDGETMODE	0x4b3bu
#define KDGKBMODE	0x4b44u
#define KDSKBMODE	0x4b45u
#define KDGKBENT	0x4b46u
#define KDSKBENT	0x4b47u
#define KDGKBSENT	0x4b48u
#define KDSKBSENT	0x4b49u
#define KDGETKEYCODE	0x4b4cu
#define KDSETKEYCODE	0x4b4du
#define KDGKBMETA	0x4b62u
#define KDSKBMETA	0x4b63u
#define KDGKBLED	0x4b64u
#define KDSKBLED	0x4b65u

#define KB_101		0x02
#define KD_TEXT		0x00
#define KD_GRAPHICS	0x01
#define KD_TEXT1	0x03		/* it and the one before are KD_TEXT too */
#define K_RAW		0x00
#define K_XLATE		0x01
#define K_MEDIUMRAW	0x02
#define K_UNICODE	0x03
#define K_OFF		0x04
#define K_METABIT	0x03
#define K_ESCPREFIX	0x04

#define VT_OPENQRY	0x5600u
#define VT_GETMODE	0x5601u
#define VT_SETMODE	0x5602u
#define VT_GETSTATE	0x5603u
#define VT_ACTIVATE	0x5606u
#define VT_WAITACTIVE	0x5607u
#define VT_DISALLOCATE	0x5608u

#define VT_AUTO		0x00
/* clang-format on */

struct vt_mode {
	int8_t mode;
	int8_t waitv;
	int16_t relsig;
	int16_t acqsig;
	int16_t frsig;
};

struct kbentry {
	uint8_t kb_table;
	uint8_t kb_index;
	uint16_t kb_value;
};

struct kbsentry {
	uint8_t kb_func;
	uint8_t kb_string[512];
};

struct kbkeycode {
	uint32_t scancode;
	uint32_t keycode;
};

struct vt_stat {
	uint16_t v_active;
	uint16_t v_signal;	/* not written */
	uint16_t v_state;	/* bit n: console n is open */
};

_Static_assert(sizeof(struct vt_mode) == 8, "struct vt_mode");
_Static_assert(sizeof(struct kbentry) == 4, "struct kbentry");
_Static_assert(sizeof(struct kbsentry) == 513, "struct kbsentry");
_Static_assert(sizeof(struct kbkeycode) == 8, "struct kbkeycode");
_Static_assert(sizeof(struct vt_stat) == 6, "struct vt_stat");
