/*
 * System V IPC. At boot, after proc.
 */
#pragma once

void ipc_init(void);
