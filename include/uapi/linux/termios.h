/*
 * Terminals as i386 programs see them: settings, window size, and the numbers of their ioctls.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define TCGETS		0x5401u
#define TCSETS		0x5402u
#define TCSETSW		0x5403u
#define TCSETSF		0x5404u
#define TCGETA		0x5405u
#define TCSETA		0x5406u
#define TCSETAW		0x5407u
#define TCSETAF		0x5408u
#define TCSBRK		0x5409u
#define TCXONC		0x540au
#define TCFLSH		0x540bu
#define TIOCEXCL	0x540cu
#define TIOCNXCL	0x540du
#define TIOCSCTTY	0x540eu
#define TIOCGPGRP	0x540fu
#define TIOCSPGRP	0x5410u
#define TIOCOUTQ	0x5411u
#define TIOCSTI		0x5412u
#define TIOCGWINSZ	0x5413u
#define TIOCSWINSZ	0x5414u
#define TIOCMGET	0x5415u
#define TIOCMBIS	0x5416u
#define TIOCMBIC	0x5417u
#define TIOCMSET	0x5418u
#define TIOCGSOFTCAR	0x5419u
#define TIOCSSOFTCAR	0x541au
#define FIONREAD	0x541bu
#define FIGETBSZ	0x2u
#define TIOCINQ		FIONREAD
#define TIOCLINUX	0x541cu
#define TIOCPKT		0x5420u
#define TIOCNOTTY	0x5422u
#define TIOCSETD	0x5423u
#define TIOCGETD	0x5424u
#define TCSBRKP		0x5425u
#define TIOCSBRK	0x5427u
#define TIOCCBRK	0x5428u
#define TIOCGSID	0x5429u
#define TCGETS2		0x802c542au
#define TCSETS2		0x402c542bu
#define TCSETSW2	0x402c542cu
#define TCSETSF2	0x402c542du
#define TIOCGPTN	0x80045430u
#define TIOCSPTLCK	0x40045431u
#define TIOCGDEV	0x80045432u
#define TIOCVHANGUP	0x5437u
#define TIOCGPKT	0x80045438u
#define TIOCGPTLCK	0x80045439u
#define TIOCGEXCL	0x80045440u
#define TIOCGPTPEER	0x5441u
#define TIOCGLCKTRMIOS	0x5456u
#define TIOCSLCKTRMIOS	0x5457u

#define TCIFLUSH	0
#define TCOFLUSH	1
#define TCIOFLUSH	2

#define TCOOFF		0
#define TCOON		1
#define TCIOFF		2
#define TCION		3

#define TIOCM_DTR	0x002u
#define TIOCM_RTS	0x004u
#define TIOCM_CTS	0x020u
#define TIOCM_CAR	0x040u
#define TIOCM_RNG	0x080u
#define TIOCM_DSR	0x100u
#define TIOCM_OUT1	0x2000u
#define TIOCM_OUT2	0x4000u
#define TIOCM_LOOP	0x8000u

#define TIOCPKT_DATA		0x00
#define TIOCPKT_FLUSHREAD	0x01
#define TIOCPKT_FLUSHWRITE	0x02
#define TIOCPKT_STOP		0x04
#define TIOCPKT_START		0x08
#define TIOCPKT_NOSTOP		0x10
#define TIOCPKT_DOSTOP		0x20
#define TIOCPKT_IOCTL		0x40

/* Indices into c_cc. */
#define VINTR		0
#define VQUIT		1
#define VERASE		2
#define VKILL		3
#define VEOF		4
#define VTIME		5
#define VMIN		6
#define VSWTC		7
#define VSTART		8
#define VSTOP		9
#define VSUSP		10
#define VEOL		11
#define VREPRINT	12
#define VDISCARD	13
#define VWERASE		14
#define VLNEXT		15
#define VEOL2		16
#define NCCS		19

/* c_iflag */
#define IGNBRK		0x0001u
#define BRKINT		0x0002u
#define IGNPAR		0x0004u
#define PARMRK		0x0008u
#define INPCK		0x0010u
#define ISTRIP		0x0020u
#define INLCR		0x0040u
#define IGNCR		0x0080u
#define ICRNL		0x0100u
#define IUCLC		0x0200u
#define IXON		0x0400u
#define IXANY		0x0800u
#define IXOFF		0x1000u
#define IMAXBEL		0x2000u
#define IUTF8		0x4000u

/* c_oflag */
#define OPOST		0x0001u
#define OLCUC		0x0002u
#define ONLCR		0x0004u
#define OCRNL		0x0008u
#define ONOCR		0x0010u
#define ONLRET		0x0020u
#define OFILL		0x0040u
#define OFDEL		0x0080u
#define TABDLY		0x1800u
#define XTABS		0x1800u

/* c_cflag */
#define CBAUD		0x100fu
#define B0		0x0000u
#define B9600		0x000du
#define B38400		0x000fu
#define BOTHER		0x1000u
#define B115200		0x1002u
#define CSIZE		0x0030u
#define CS5		0x0000u
#define CS6		0x0010u
#define CS7		0x0020u
#define CS8		0x0030u
#define CSTOPB		0x0040u
#define CREAD		0x0080u
#define PARENB		0x0100u
#define PARODD		0x0200u
#define HUPCL		0x0400u
#define CLOCAL		0x0800u
#define CIBAUD		0x100f0000u
#define CMSPAR		0x40000000u
#define CRTSCTS		0x80000000u
#define IBSHIFT		16

/* c_lflag */
#define ISIG		0x0001u
#define ICANON		0x0002u
#define XCASE		0x0004u
#define ECHO		0x0008u
#define ECHOE		0x0010u
#define ECHOK		0x0020u
#define ECHONL		0x0040u
#define NOFLSH		0x0080u
#define TOSTOP		0x0100u
#define ECHOCTL		0x0200u
#define ECHOPRT		0x0400u
#define ECHOKE		0x0800u
#define FLUSHO		0x1000u
#define PENDIN		0x4000u
#define IEXTEN		0x8000u
#define EXTPROC		0x10000u
/* clang-format on */

struct winsize {
	uint16_t ws_row;
	uint16_t ws_col;
	uint16_t ws_xpixel;
	uint16_t ws_ypixel;
};

/* TCGETA and its kin: the oldest form. */
#define NCC 8
struct termio {
	uint16_t c_iflag;
	uint16_t c_oflag;
	uint16_t c_cflag;
	uint16_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCC];
};

/* TCGETS and its kin. */
struct termios {
	uint32_t c_iflag;
	uint32_t c_oflag;
	uint32_t c_cflag;
	uint32_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCCS];
};

/* TCGETS2 and its kin: with speeds as numbers. */
struct termios2 {
	uint32_t c_iflag;
	uint32_t c_oflag;
	uint32_t c_cflag;
	uint32_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCCS];
	uint32_t c_ispeed;
	uint32_t c_ospeed;
};

_Static_assert(sizeof(struct winsize) == 8, "struct winsize");
_Static_assert(sizeof(struct termio) == 18, "struct termio");
_Static_assert(sizeof(struct termios) == 36, "struct termios");
_Static_assert(sizeof(struct termios2) == 44, "struct termios2");
