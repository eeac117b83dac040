"""PNG files from QEMU's PPM screendumps, with nothing but zlib."""

import struct
import zlib


def read_ppm(path):
    """Width, height and RGB bytes of a binary PPM."""
    with open(path, 'rb') as file:
        data = file.read()
    fields, position = [], 0
    while len(fields) < 4:
        end = position
        while data[end:end + 1] not in (b' ', b'\n', b'\t'):
            end += 1
        if data[position:position + 1] != b'#':
            fields.append(data[position:end])
            position = end + 1
        else:
            position = data.index(b'\n', position) + 1
    if fields[0] != b'P6' or fields[3] != b'255':
        raise ValueError(f'{path} is no 8-bit binary PPM')
    return int(fields[1]), int(fields[2]), data[position:]


def chunk(kind, content):
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))


def write_png(path, width, height, rgb):
    """A screen has few colours: up to 16 of them make a palette and half a byte a pixel."""
    pixels = [rgb[i:i + 3] for i in range(0, width * height * 3, 3)]
    palette = sorted(set(pixels))
    if len(palette) <= 16 and width % 2 == 0:
        index = {colour: i for i, colour in enumerate(palette)}
        numbers = [index[pixel] for pixel in pixels]
        packed = bytes(numbers[i] << 4 | numbers[i + 1] for i in range(0, len(numbers), 2))
        stride, depth, kind = width // 2, 4, 3
    else:
        packed, stride, depth, kind, palette = bytes(rgb[:width * height * 3]), width * 3, 8, 2, []
    rows = b''.join(b'\0' + packed[i:i + stride] for i in range(0, stride * height, stride))
    with open(path, 'wb') as out:
        out.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, kind, 0, 0, 0)))
        if palette:
            out.write(chunk(b'PLTE', b''.join(palette)))
        out.write(chunk(b'IDAT', zlib.compress(rows, 9)) + chunk(b'IEND', b''))
