/* A DSSE envelope from a topic that anybody writes to. */
#include "makoto/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct envelope e, again;
	struct wr w = wr_new(SIZE_MAX / 2);

	if (envelope_read(slice_of(data, size), &e) != 0)
		return 0;
	wr_u8(&e.keyid, '\0');
	INVARIANT(envelope_write(wr_slice(&e.type), wr_slice(&e.payload), (const char *)e.keyid.buf, wr_slice(&e.sig), &w) == 0);
	INVARIANT(envelope_read(wr_slice(&w), &again) == 0);
	INVARIANT(slice_eq(wr_slice(&again.payload), wr_slice(&e.payload)) && slice_eq(wr_slice(&again.sig), wr_slice(&e.sig)));
	envelope_clear(&again);
	envelope_clear(&e);
	wr_free(&w);
	return 0;
}
