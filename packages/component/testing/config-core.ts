import type { CertificateReader } from "../src/certificates/certificate-reader.ts";
import type { Core, Phase } from "../src/core.ts";
import { MQTTError } from "../src/mqtt-error.ts";
import { Received } from "../src/received.ts";
import { Settings } from "../src/settings/settings.ts";

/** What of `Core` settings look at. */
export interface CoreForConfig {
  readonly platform: Pick<Core["platform"], "name" | "files" | "certificates" | "hasSockets">;
  readonly settings: Settings;
  readonly received: Received;
  phase: Phase;
  client: unknown;
  readonly reported: unknown[];
  report(error: unknown): void;
}

const reader: CertificateReader = {
  open: () => [],
  read: () => {
    throw new Error("Not a certificate");
  },
};

const node: CoreForConfig["platform"] = {
  name: "Node",
  files: { read: () => new Uint8Array(), write: () => undefined },
  certificates: reader,
  hasSockets: true,
};

export const browser: CoreForConfig["platform"] = {
  name: "a browser",
  files: undefined,
  certificates: undefined,
  hasSockets: false,
};

/** A `Core` of nothing but settings, and what has been reported to it. */
export function coreForConfig(platform: CoreForConfig["platform"] = node): Core & CoreForConfig {
  const reported: unknown[] = [];
  const core: CoreForConfig = {
    platform,
    settings: new Settings(),
    received: new Received(),
    phase: "idle",
    client: undefined,
    reported,
    report: (error) => {
      reported.push(error);
    },
  };
  // Settings look at nothing else.
  return core as Core & CoreForConfig;
}

/** What is thrown, which has to be an MQTTError. */
export function failureOf(act: () => unknown): MQTTError {
  try {
    act();
  } catch (error) {
    if (error instanceof MQTTError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
