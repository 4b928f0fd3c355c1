import { parseFirewallData } from "../options/proxy-options.ts";
import { fieldSetting } from "./field-setting.ts";
import { booleanField, integerField, textField } from "./fields.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";

function socket(settings: Settings): Settings["socket"] {
  return settings.socket;
}

// One that no system has is as documented not an error, but as if it were not set.
const bytes = { max: 2_147_483_647 } as const;

const firewallData = textField(
  { name: "FirewallData", of: socket, key: "firewallData" },
  {
    check: (_name, value) => {
      parseFirewallData(value);
    },
  },
);

/** Buffers, and how times are counted. */
export const socketConfig: readonly Setting[] = [
  fieldSetting("Socket", booleanField({ name: "AbsoluteTimeout", of: socket, key: "absoluteTimeout" })),
  fieldSetting("Socket", firewallData, { needs: "firewall" }),
  fieldSetting("Socket", integerField({ name: "InBufferSize", of: socket, key: "inBufferSize" }, bytes), {
    needs: "sockets",
  }),
  fieldSetting("Socket", integerField({ name: "OutBufferSize", of: socket, key: "outBufferSize" }, bytes), {
    needs: "sockets",
  }),
];
