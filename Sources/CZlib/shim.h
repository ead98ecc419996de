#pragma once

#include <zlib.h>

// A macro in zlib.h, which Swift does not see.
static inline int czlib_inflate_init(z_streamp stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
