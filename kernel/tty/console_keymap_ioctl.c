/*
 * The ioctls that read and change what keys mean, for all consoles at once: which scan code is
 * which key, which symbol a key has in which map, what a function key sends.
 *
 * Memory is allocated before console_lock is taken, and what turns out not to be needed is freed
 * after it.
 */
#include "arch/user_copy.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "tty/console_internal.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/kd.h"
#include "vfs/credentials.h"

static bool has_capability(int capability)
{
	return credentials_capable(credentials_current(), capability);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static int get_entry(struct console *console, struct kbentry *entry, user_addr to)
{
	irq_flags flags = spin_lock_irq(&console_lock);

	entry->kb_value = keyboard_get_symbol(console_keyboard(), entry->kb_table, entry->kb_index,
					      console->keys.style);
	spin_unlock_irq(&console_lock, flags);
	return copy_to_user(user_addr_add(to, offsetof(struct kbentry, kb_value)), &entry->kb_value,
			    sizeof(entry->kb_value));
}

/* The first map is always there. */
static void remove_map(uint8_t map)
{
	irq_flags flags = spin_lock_irq(&console_lock);
	struct keyboard *keyboard = console_keyboard();
	uint16_t *old = map ? keyboard->maps[map] : NULL;

	if (old)
		keyboard->maps[map] = NULL;
	if (old && keyboard_owns_map(keyboard, old))
		old = NULL;
	spin_unlock_irq(&console_lock, flags);
	kfree(old);
}

static int change_entry(const struct kbentry *entry)
{
	uint16_t *fresh = kmalloc_array(KEY_COUNT, sizeof(*fresh), 0);
	struct keyboard *keyboard;
	irq_flags flags;
	uint16_t old;
	int error = 0;

	if (!fresh)
		return -ENOMEM;
	keyboard_clear_map(fresh);
	flags = spin_lock_irq(&console_lock);
	keyboard = console_keyboard();
	if (!keyboard->maps[entry->kb_table]) {
		keyboard->maps[entry->kb_table] = fresh;
		fresh = NULL;
	}
	old = keyboard->maps[entry->kb_table][entry->kb_index];
	if (old != entry->kb_value && (old == KEY_SAK || entry->kb_value == KEY_SAK) &&
	    !has_capability(CAP_SYS_ADMIN))
		error = -EPERM;
	else
		keyboard_set_symbol(keyboard, entry->kb_table, entry->kb_index, entry->kb_value);
	spin_unlock_irq(&console_lock, flags);
	kfree(fresh);
	return error;
}

static int entry_ioctl(struct console *console, unsigned int command, user_addr address,
		       bool may_change)
{
	struct kbentry entry;

	if (copy_from_user(&entry, address, sizeof(entry)))
		return -EFAULT;
	if (command == KDGKBENT)
		return get_entry(console, &entry, address);
	if (!may_change)
		return -EPERM;
	if (entry.kb_index == 0 && entry.kb_value == KEY_NO_MAP) {
		remove_map(entry.kb_table);
		return 0;
	}
	if (!keyboard_symbol_is_valid(entry.kb_value, console->keys.style))
		return -EINVAL;
	return entry.kb_index ? change_entry(&entry) : 0; /* no key has number 0 */
}

/* ---- functions ------------------------------------------------------------------------------- */

/* [console_lock] Those that programs have set: they are ours to free. */
static char *own_functions[KEY_COUNT];

static int get_function(uint8_t index, user_addr to)
{
	char *copy = kmalloc(KEY_TEXT_MAX + 1, 0);
	irq_flags flags;
	int error;

	if (!copy)
		return -ENOMEM;
	flags = spin_lock_irq(&console_lock);
	strlcpy(copy, console_keyboard()->functions[index], KEY_TEXT_MAX + 1);
	spin_unlock_irq(&console_lock, flags);
	error = copy_to_user(to, copy, strlen(copy) + 1);
	kfree(copy);
	return error;
}

static int set_function(uint8_t index, user_addr from)
{
	const char *usual = keyboard_default_function(index);
	char *fresh = kmalloc(KEY_TEXT_MAX + 1, 0);
	char *old = fresh;
	irq_flags flags;
	ssize_t length;

	if (!fresh)
		return -ENOMEM;
	length = string_from_user(fresh, from, KEY_TEXT_MAX + 1);
	if (length > KEY_TEXT_MAX)
		length = -EINVAL;
	if (length >= 0 && strcmp(fresh, usual) == 0) {
		kfree(fresh);
		fresh = NULL;
	}
	if (length >= 0) {
		flags = spin_lock_irq(&console_lock);
		old = own_functions[index];
		own_functions[index] = fresh;
		console_keyboard()->functions[index] = fresh ? fresh : usual;
		spin_unlock_irq(&console_lock, flags);
	}
	kfree(old);
	return length < 0 ? (int)length : 0;
}

static int function_ioctl(unsigned int command, user_addr address, bool may_change)
{
	user_addr text = user_addr_add(address, offsetof(struct kbsentry, kb_string));
	uint8_t index;

	if (copy_from_user(&index, address, 1))
		return -EFAULT;
	if (command == KDGKBSENT)
		return get_function(index, text);
	return may_change ? set_function(index, text) : -EPERM;
}

/* ---- scan codes ------------------------------------------------------------------------------ */

static int code_ioctl(unsigned int command, user_addr address, bool may_change)
{
	enum { LARGEST_CODE = 0x2ff };
	struct kbkeycode request;
	irq_flags flags;

	if (copy_from_user(&request, address, sizeof(request)))
		return -EFAULT;
	if (command == KDSETKEYCODE && !may_change)
		return -EPERM;
	if (request.scancode >= KEY_SCAN_COUNT ||
	    (command == KDSETKEYCODE && request.keycode > LARGEST_CODE))
		return -EINVAL;
	flags = spin_lock_irq(&console_lock);
	if (command == KDSETKEYCODE)
		keyboard_set_code(console_keyboard(), request.scancode,
				  (uint16_t)request.keycode);
	else
		request.keycode = console_keyboard()->codes[request.scancode];
	spin_unlock_irq(&console_lock, flags);
	if (command == KDSETKEYCODE)
		return 0;
	return put_user_u32(user_addr_add(address, offsetof(struct kbkeycode, keycode)),
			    request.keycode);
}

int console_keymap_ioctl(struct console *console, unsigned int command, uintptr_t argument,
			 bool may_configure)
{
	user_addr address = user_addr_from(argument);
	bool is_privileged = has_capability(CAP_SYS_TTY_CONFIG);

	switch (command) {
	case KDGKBENT:
	case KDSKBENT:
		return entry_ioctl(console, command, address, may_configure && is_privileged);
	case KDGKBSENT:
	case KDSKBSENT:
		return function_ioctl(command, address, may_configure && is_privileged);
	case KDGETKEYCODE:
	case KDSETKEYCODE:
		return code_ioctl(command, address, is_privileged);
	}
	return -ENOTTY;
}
