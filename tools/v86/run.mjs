// Run a Quartet machine in v86 under Node, without a BIOS: the kernel's ELF goes in by multiboot, as in QEMU.
//	node run.mjs V86_FOLDER KERNEL IMAGE MEMORY_MIB COMMAND_LINE [INITRAMFS [BIOS]]
// With a BIOS, the kernel is a Linux one (bzImage), which this BIOS loads.
// Standard input and output are the first serial line. The machine's end is the program's end.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [v86Folder, kernelPath, imagePath, memory, commandLine, initramfsPath, biosPath] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(`${v86Folder}/build/libv86.mjs`));

// v86 wants an ArrayBuffer of its own; a Node buffer may be a window into a larger one.
function readArrayBuffer(path) {
	const bytes = readFileSync(path);
	return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

let output = [];
function flush() {
	if (output.length) {
		process.stdout.write(Buffer.from(output));
		output = [];
	}
}

function finish(status) {
	flush();
	process.stdout.write("", () => process.exit(status));
}

// The guest's power-off (port 0xF4) surfaces as this exception, from inside the emulator's loop.
function isPowerOff(error) {
	return error === "HALT" || error?.message === "HALT";
}
for (const event of ["uncaughtException", "unhandledRejection"]) {
	process.on(event, error => {
		if (!isPowerOff(error))
			console.error(error);
		finish(isPowerOff(error) ? 0 : 1);
	});
}

// v86 talks on console.log, which is the serial line here.
console.log = console.error;
const machine = new V86({
	wasm_path: `${v86Folder}/build/v86.wasm`,
	memory_size: Number(memory) << 20,
	vga_memory_size: 2 << 20,
	[biosPath ? "bzimage" : "multiboot"]: { buffer: readArrayBuffer(kernelPath) },
	...(initramfsPath && { initrd: { buffer: readArrayBuffer(initramfsPath) } }),
	...(biosPath && { bios: { buffer: readArrayBuffer(biosPath) } }),
	cmdline: commandLine,
	...(imagePath && { hda: { buffer: readArrayBuffer(imagePath) } }),
	autostart: true,
	disable_speaker: true,
	log_level: 0,
});

// One event a byte: hand them on in batches.
machine.add_listener("serial0-output-byte", byte => {
	if (output.push(byte) === 1)
		setImmediate(flush);
});
machine.add_listener("cpu-event-halt", () => finish(0));
machine.add_listener("download-error", event => {
	console.error(`cannot load ${event.file_name}`);
	finish(1);
});

if (process.stdin.isTTY)
	process.stdin.setRawMode(true);
// Bytes sent before the machine runs would be lost.
machine.add_listener("emulator-started", () =>
	process.stdin.on("data", bytes => machine.serial_send_bytes(0, bytes)));
