import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";

const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Takes a setting with certificates in PEM apart; anything but line breaks between them is refused.
 *
 * @throws MQTTError 10022 for what is no certificate.
 */
export function parseCertificates(
  { platform }: Pick<Core, "platform">,
  setting: string,
  text: string,
): readonly string[] {
  const rest = text
    .replace(block, "")
    .replaceAll(String.raw`\r`, "")
    .replaceAll(String.raw`\n`, "")
    .trim();
  if (rest !== "") throw new MQTTError(10022, { detail: `${setting} is a list of certificates in PEM` });
  const certificates = text.match(block) ?? [];
  for (const [index, certificate] of certificates.entries()) {
    try {
      platform.certificates?.read(new TextEncoder().encode(certificate));
    } catch (cause) {
      throw new MQTTError(10022, { detail: `Certificate ${index + 1} of ${setting} cannot be read`, cause });
    }
  }
  return certificates;
}
