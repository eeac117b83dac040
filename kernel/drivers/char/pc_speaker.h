/*
 * The PC's speaker, which sounds for the consoles.
 */
#pragma once

/* Give it to the consoles. Once at boot. */
void pc_speaker_init(void);
