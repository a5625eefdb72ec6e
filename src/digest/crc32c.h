/* crc32c: CRC-32C (Castagnoli), the checksum of record batches v2 (RFC 3720, appendix B.4). */
#ifndef DIGEST_CRC32C_H
#define DIGEST_CRC32C_H

#include "base/slice.h"

/* The CRC of `s` behind bytes whose CRC is `before` (0 for none). */
uint32_t crc32c(uint32_t before, struct slice s);

/* The same without the processor's help; what other machines use, and what tests compare with. */
uint32_t crc32c_portable(uint32_t before, struct slice s);

#endif
