import { DerElement } from "./der.ts";
import { sshString } from "./ssh-wire.ts";

/** What SSH calls the curves, by their object identifiers. */
const curves: ReadonlyMap<string, string> = new Map([
  ["1.2.840.10045.3.1.7", "nistp256"],
  ["1.3.132.0.34", "nistp384"],
  ["1.3.132.0.35", "nistp521"],
]);

/**
 * A public key as SSH sends it, whose hashes are what SSH shows as its fingerprints (RFC 4253, section 6.6; RFC 5656; RFC
 * 8709); undefined for one that SSH does not know.
 *
 * @param spki A SubjectPublicKeyInfo.
 */
export function sshPublicBlob(spki: Uint8Array): Uint8Array | undefined {
  const info = DerElement.parse(spki);
  const [identifier, parameters] = info.child(0).children();
  const { bytes } = info.child(1).bitString();
  switch (identifier?.objectIdentifier()) {
    case "1.2.840.113549.1.1.1": {
      const numbers = DerElement.parse(bytes);
      return blob("ssh-rsa", numbers.child(1).content, numbers.child(0).content);
    }
    case "1.2.840.10040.4.1": {
      const shared = parameters?.children().map(({ content }) => content) ?? [];
      return blob("ssh-dss", ...shared, DerElement.parse(bytes).content);
    }
    case "1.2.840.10045.2.1": {
      const curve = curves.get(parameters?.objectIdentifier() ?? "");
      return curve === undefined ? undefined : blob(`ecdsa-sha2-${curve}`, curve, bytes);
    }
    case "1.3.101.112":
      return blob("ssh-ed25519", bytes);
    case "1.3.101.113":
      return blob("ssh-ed448", bytes);
    default:
      return undefined;
  }
}

function blob(...fields: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(fields.map(sshString));
}
