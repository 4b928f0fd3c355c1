import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import { fieldSetting } from "./field-setting.ts";
import { booleanField, integerField, textField } from "./fields.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";
import { badValue, parseHex, secondsRange } from "./values.ts";

function plain(settings: Settings): Settings {
  return settings;
}

/** The time for a connection attempt: one value, under one name, in two groups. */
export function connectionTimeout(group: "MQTT" | "TCPClient"): Setting {
  const place = { name: "ConnectionTimeout", of: plain, key: "connectionTimeout" } as const;
  return fieldSetting(group, integerField(place, { ...secondsRange, unset: "60" }));
}

const sendCustomPacket: Setting = {
  name: "SendCustomPacket",
  group: "MQTT",
  get: () => "",
  set(core: Core, value: string) {
    const bytes = parseHex("SendCustomPacket", value);
    if (bytes.length === 0) throw badValue("SendCustomPacket", "is empty");
    const { client, phase } = core;
    if (client === undefined || phase !== "connected") throw new MQTTError(212);
    client.sendRaw(bytes).catch((error: unknown) => {
      core.report(error);
    });
  },
};

/** Connecting again, times, the log, the file of the session. */
export const mqttConfig: readonly Setting[] = [
  fieldSetting("MQTT", booleanField({ name: "AutoReconnect", of: plain, key: "autoReconnect" })),
  connectionTimeout("MQTT"),
  fieldSetting("MQTT", integerField({ name: "LogLevel", of: plain, key: "logLevel" }, { max: 3 })),
  fieldSetting("MQTT", integerField({ name: "RepublishInterval", of: plain, key: "republishInterval" }, secondsRange), {
    fixedCode: 211, // The client that is connected counts already.
  }),
  sendCustomPacket,
  fieldSetting("MQTT", textField({ name: "SessionStateFile", of: plain, key: "sessionStateFile" }), { needs: "files" }),
];
