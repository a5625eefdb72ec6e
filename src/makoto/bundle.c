#include "makoto/bundle.h"

#include "makoto/json_write.h"

int
bundle_write(struct slice type, struct slice payload, const char *keyid, struct slice sig, struct wr *w)
{
	int err;

	wr_text(w, "{\"dsseEnvelope\":");
	if ((err = envelope_write(type, payload, keyid, sig, w)) != 0)
		return err;
	wr_text(w, ",\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
		   "\"verificationMaterial\":{\"publicKey\":{\"hint\":");
	json_write_text(w, slice_str(keyid));
	wr_text(w, "},\"tlogEntries\":[]}}\n");
	return wr_err(w);
}
