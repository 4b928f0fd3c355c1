import type { Core } from "../core.ts";
import { unsupported } from "../options/unsupported.ts";
import type { MQTTError } from "../mqtt-error.ts";

/** What a setting needs of the platform. */
export type Need = "files" | "firewall" | "sockets" | "tls";

const limits: Readonly<Record<Need, { readonly code: number; readonly why: string }>> = {
  files: { code: 302, why: "there are no files" },
  firewall: { code: 118, why: "proxies are its own affair" },
  sockets: { code: 10045, why: "sockets are its own affair" },
  tls: { code: 270, why: "TLS is its own affair" },
};

/** The error of a setting that needs what the platform does not have; undefined where it has it. */
export function missing(core: Core, need: Need, setting: string): MQTTError | undefined {
  const { files, hasSockets, certificates } = core.platform;
  const has = {
    files: files !== undefined,
    firewall: hasSockets,
    sockets: hasSockets,
    tls: certificates !== undefined,
  };
  return has[need] ? undefined : unsupported(core, { ...limits[need], setting });
}
