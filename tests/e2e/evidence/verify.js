// Verifies sigstore bundles with sigstore's own library, offline, with a public key as the only trust.
// usage: verify.js PUBLIC.pem BUNDLE...       prints each statement's subject; exit 1 when one doesn't verify
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";

const [pem, ...files] = process.argv.slice(2);
const rawBytes = createPublicKey(readFileSync(pem)).export({ type: "spki", format: "der" });
const nothing = { mediaType: "", certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
let bad = 0;
for (const file of files) {
  try {
    const json = JSON.parse(readFileSync(file));
    const bundle = bundleFromJSON(json);
    const trust = toTrustMaterial(nothing, { [json.verificationMaterial.publicKey.hint]: { rawBytes } });
    const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
    new Verifier(trust, thresholds).verify(toSignedEntity(bundle));
    const statement = JSON.parse(Buffer.from(json.dsseEnvelope.payload, "base64"));
    console.log(JSON.stringify(statement.subject[0]));
  } catch (e) {
    console.error(`${file}: ${e.code ?? e.name}: ${e.message}`);
    bad = 1;
  }
}
process.exit(bad);
