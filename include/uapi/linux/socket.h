/*
 * Sockets: families, types, options, message flags and the structures of i386.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define AF_UNSPEC	0
#define AF_UNIX		1
#define AF_COUNT	46	/* families that Linux has numbers for */

#define SOCK_STREAM	1
#define SOCK_DGRAM	2
#define SOCK_RAW	3
#define SOCK_SEQPACKET	5
#define SOCK_TYPE_COUNT	11	/* types that Linux has numbers for */
#define SOCK_TYPE_MASK	0xf
#define SOCK_CLOEXEC	02000000
#define SOCK_NONBLOCK	00004000

#define SHUT_RD		0
#define SHUT_WR		1
#define SHUT_RDWR	2
#define SOMAXCONN	4096

#define MSG_OOB		0x00000001u
#define MSG_PEEK	0x00000002u
#define MSG_CTRUNC	0x00000008u
#define MSG_TRUNC	0x00000020u
#define MSG_DONTWAIT	0x00000040u
#define MSG_EOR		0x00000080u
#define MSG_WAITALL	0x00000100u
#define MSG_NOSIGNAL	0x00004000u
#define MSG_WAITFORONE	0x00010000u
#define MSG_CMSG_CLOEXEC 0x40000000u
#define MSG_CMSG_COMPAT	0x80000000u	/* refused from user programs */

#define SOL_SOCKET	1
#define SO_DEBUG	1
#define SO_REUSEADDR	2
#define SO_TYPE		3
#define SO_ERROR	4
#define SO_DONTROUTE	5
#define SO_BROADCAST	6
#define SO_SNDBUF	7
#define SO_RCVBUF	8
#define SO_KEEPALIVE	9
#define SO_OOBINLINE	10
#define SO_NO_CHECK	11
#define SO_PRIORITY	12
#define SO_LINGER	13
#define SO_BSDCOMPAT	14
#define SO_REUSEPORT	15
#define SO_PASSCRED	16
#define SO_PEERCRED	17
#define SO_RCVLOWAT	18
#define SO_SNDLOWAT	19
#define SO_RCVTIMEO_OLD	20
#define SO_SNDTIMEO_OLD	21
#define SO_BINDTODEVICE	25
#define SO_ATTACH_FILTER 26	/* SO_GET_FILTER when asked for */
#define SO_DETACH_FILTER 27
#define SO_PEERNAME	28
#define SO_TIMESTAMP_OLD 29
#define SO_ACCEPTCONN	30
#define SO_SNDBUFFORCE	32
#define SO_RCVBUFFORCE	33
#define SO_PASSSEC	34
#define SO_TIMESTAMPNS_OLD 35
#define SO_MARK		36
#define SO_TIMESTAMPING_OLD 37
#define SO_PROTOCOL	38
#define SO_DOMAIN	39
#define SO_RXQ_OVFL	40
#define SO_WIFI_STATUS	41
#define SO_PEEK_OFF	42
#define SO_NOFCS	43
#define SO_LOCK_FILTER	44
#define SO_SELECT_ERR_QUEUE 45
#define SO_BUSY_POLL	46
#define SO_MAX_PACING_RATE 47
#define SO_BPF_EXTENSIONS 48
#define SO_INCOMING_CPU	49
#define SO_ATTACH_BPF	50
#define SO_ATTACH_REUSEPORT_CBPF 51
#define SO_ATTACH_REUSEPORT_EBPF 52
#define SO_CNX_ADVICE	53
#define SO_MEMINFO	55
#define SO_INCOMING_NAPI_ID 56
#define SO_COOKIE	57
#define SO_PEERGROUPS	59
#define SO_ZEROCOPY	60
#define SO_TXTIME	61
#define SO_BINDTOIFINDEX 62
#define SO_TIMESTAMP_NEW 63
#define SO_TIMESTAMPNS_NEW 64
#define SO_TIMESTAMPING_NEW 65
#define SO_RCVTIMEO_NEW	66
#define SO_SNDTIMEO_NEW	67
#define SO_DETACH_REUSEPORT_BPF 68
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#define SO_NETNS_COOKIE	71
#define SO_BUF_LOCK	72
#define SO_RESERVE_MEM	73
#define SO_TXREHASH	74
#define SO_RCVMARK	75
#define SO_COUNT	96	/* more than any number above */

/* of SO_TIMESTAMPING: the bits that Linux 6.1 knows, and those that need others */
#define SOF_TIMESTAMPING_OPT_TSONLY	(1 << 11)
#define SOF_TIMESTAMPING_OPT_STATS	(1 << 12)
#define SOF_TIMESTAMPING_BIND_PHC	(1 << 15)
#define SOF_TIMESTAMPING_MASK		0xffff
#define SOF_TXTIME_FLAGS		3	/* of SO_TXTIME */
/* of SO_BUF_LOCK: sizes of buffers that somebody chose */
#define SOCK_SNDBUF_LOCK		1
#define SOCK_RCVBUF_LOCK		2
/* the words of SO_MEMINFO */
enum {
	SK_MEMINFO_RCVBUF = 1, SK_MEMINFO_WMEM_ALLOC = 2, SK_MEMINFO_SNDBUF = 3,
	SK_MEMINFO_COUNT = 9,
};

#define SCM_RIGHTS	1
#define SCM_CREDENTIALS	2
#define SCM_MAX_FD	253

#define SIOCINQ		0x541bu	/* FIONREAD */
#define SIOCOUTQ	0x5411u
#define SIOCATMARK	0x8905u
/* clang-format on */

enum {
	SOCKET_SEND_BUFFER_LEAST = 4480, /* SOCK_MIN_SNDBUF of i386 */
	SOCKET_RECEIVE_BUFFER_LEAST = 2240,	 /* SOCK_MIN_RCVBUF */
	SOCKET_ADDRESS_MAX = 128, /* struct sockaddr_storage */
	UNIX_PATH_MAX = 108,
	UNIX_ADDRESS_HEAD = 2, /* the family, before sun_path */
	UNIX_ADDRESS_MAX = UNIX_ADDRESS_HEAD + UNIX_PATH_MAX,
};

struct linux_msghdr {
	uint32_t name;
	int32_t name_size;
	uint32_t vector;
	uint32_t vector_count;
	uint32_t control;
	uint32_t control_size;
	uint32_t flags;
};

struct linux_mmsghdr {
	struct linux_msghdr header;
	uint32_t length;
};

/* The head of a control message; its data follow, and the next one is aligned to 4 bytes. */
struct linux_cmsghdr {
	uint32_t size; /* with this head */
	int32_t level;
	int32_t type;
};

struct linux_ucred {
	int32_t pid;
	uint32_t uid;
	uint32_t gid;
};

struct linux_linger {
	int32_t is_on;
	int32_t seconds;
};

_Static_assert(sizeof(struct linux_msghdr) == 28, "struct msghdr of i386");
_Static_assert(offsetof(struct linux_msghdr, control_size) == 20, "struct msghdr of i386");
_Static_assert(sizeof(struct linux_mmsghdr) == 32, "struct mmsghdr of i386");
_Static_assert(sizeof(struct linux_cmsghdr) == 12, "struct cmsghdr of i386");
