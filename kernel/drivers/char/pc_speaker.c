/*
 * The PC's speaker (Intel 8254: channel 2, mode 3; port 61h of the IBM AT).
 *
 * Channel 2 of the timer makes a square wave of its input clock divided by a count; two bits of
 * port 61h let it run and let the speaker hear it. Only the start of the machine measures time with
 * that channel, long before.
 */
#include "drivers/char/pc_speaker.h"

#include "arch/port_io.h"
#include "core/spinlock.h"
#include "tty/console.h"

enum {
	PORT_TIMER_CHANNEL_2 = 0x42,
	PORT_TIMER_COMMAND = 0x43,
	PORT_SPEAKER = 0x61,
	COMMAND_CHANNEL_2_SQUARE_WAVE = 0xb6,
	SPEAKER_ON = 0x03,		/* the channel runs, and is heard */
	COUNT_MIN = 37,			/* what can be heard: 20 to 32767 Hz */
	COUNT_MAX = 59659,
};

static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_DEVICE, "speaker");

static void sound(uint32_t count)
{
	irq_flags flags = spin_lock_irq(&lock);
	uint8_t control = port_read8(PORT_SPEAKER) & (uint8_t)~SPEAKER_ON;

	if (count >= COUNT_MIN && count <= COUNT_MAX) {
		port_write8(PORT_TIMER_COMMAND, COMMAND_CHANNEL_2_SQUARE_WAVE);
		port_write8(PORT_TIMER_CHANNEL_2, (uint8_t)count);
		port_write8(PORT_TIMER_CHANNEL_2, (uint8_t)(count >> 8));
		control |= SPEAKER_ON;
	}
	port_write8(PORT_SPEAKER, control);
	spin_unlock_irq(&lock, flags);
}

void pc_speaker_init(void)
{
	static const struct console_speaker speaker = { .sound = sound };

	console_set_speaker(&speaker);
}
