/*
 * Included first in everything of the kernel that is built for the host: our functions that share a
 * name with the host's library get names of their own, so that both can be in one program and the
 * sanitizers see ours.
 */
#pragma once

#define memcpy kernel_memcpy
#define memmove kernel_memmove
#define memset kernel_memset
#define memcmp kernel_memcmp
#define memchr kernel_memchr
#define strlen kernel_strlen
#define strnlen kernel_strnlen
#define strcmp kernel_strcmp
#define strncmp kernel_strncmp
#define strchr kernel_strchr
#define strrchr kernel_strrchr
#define strlcpy kernel_strlcpy
#define snprintf kernel_snprintf
#define vsnprintf kernel_vsnprintf
