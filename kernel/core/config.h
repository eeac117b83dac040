/*
 * Build-time choices: constants, 0 or 1, tested with `if` so that both branches always compile.
 */
#pragma once

#ifndef CONFIG_DEBUG
#define CONFIG_DEBUG 1
#endif

#define CONFIG_LOCK_CHECK CONFIG_DEBUG	   /* rank, sleep-in-atomic and irq-safety checks */
#define CONFIG_INVARIANTS CONFIG_DEBUG	   /* module_check() after changes */
#define CONFIG_POISON	  CONFIG_DEBUG	   /* freed frames and objects are filled with a pattern */
#define CONFIG_FAILPOINTS CONFIG_DEBUG	   /* allocations can be told to fail */
#define CONFIG_VIOLATIONS CONFIG_DEBUG	   /* rules can be broken: procfs/violate_file.c */
#define CONFIG_WATCHDOG	  CONFIG_DEBUG	   /* a stuck CPU is noticed, sched/watchdog.c */
#define CONFIG_SEEDED_PREEMPTION CONFIG_DEBUG /* the seed makes threads give way */

#define CPU_MAX 8 /* the most CPUs that one kernel drives; masks of CPUs fit a word */
