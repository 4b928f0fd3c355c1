import type { Core } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import type { RepeatedKey } from "./json-setting.ts";
import type { UserProperty } from "./message-settings.ts";
import type { Setting } from "./setting.ts";
import { badValue, checkText, isReset, parseInteger, quote } from "./values.ts";

/** More would hardly fit into a packet that a server takes. */
const maximumCount = 65_535;

/** @throws MQTTError 10022 when there is none at this index. */
function at(name: string, list: readonly UserProperty[], index: number): UserProperty {
  const property = list[index];
  if (property !== undefined) return property;
  throw new MQTTError(10022, { detail: `${name} has no index ${index}: there are ${list.length} User Properties` });
}

function incoming(name: string, part: 0 | 1): Setting {
  return {
    name,
    group: "MQTT",
    isIndexed: true,
    get: ({ received }, index) => at(name, received.userProperties, index)[part],
  };
}

function outgoing(name: string, part: 0 | 1): Setting {
  return {
    name,
    group: "MQTT",
    isIndexed: true,
    get: ({ settings }, index) => at(name, settings.message.outgoingUserProperties, index)[part],
    set({ settings: { message } }: Core, value, index) {
      const [key, text] = at(name, message.outgoingUserProperties, index);
      checkText(name, value);
      const changed: UserProperty = part === 0 ? [value, text] : [key, value];
      message.outgoingUserProperties.splice(index, 1, changed);
    },
  };
}

const outgoingCount: Setting = {
  name: "OutgoingUserPropCount",
  group: "MQTT",
  get: ({ settings }) => String(settings.message.outgoingUserProperties.length),
  set({ settings: { message } }, value) {
    const length = isReset(value) ? 0 : parseInteger("OutgoingUserPropCount", value, { max: maximumCount });
    const old = message.outgoingUserProperties;
    message.outgoingUserProperties = Array.from({ length }, (_, index) => old[index] ?? ["", ""]);
  },
};

/** User Properties of the last message that came, and of those that are published. */
export const userPropertyConfig: readonly Setting[] = [
  {
    name: "IncomingUserPropCount",
    group: "MQTT",
    get: ({ received }) => String(received.userProperties.length),
  },
  incoming("IncomingUserPropName", 0),
  incoming("IncomingUserPropValue", 1),
  outgoingCount,
  outgoing("OutgoingUserPropName", 0),
  outgoing("OutgoingUserPropValue", 1),
];

/** The same in `OutgoingMessageProperties`: a name and a value with a colon between, the first one if there are more. */
export const userPropertyKey: RepeatedKey = {
  key: "UserProperty",
  format: ({ message }) => message.outgoingUserProperties.map(([name, value]) => `${name}:${value}`),
  parse(values) {
    const list = values.map((text): UserProperty => {
      const colon = text.indexOf(":");
      if (colon < 0) throw badValue("UserProperty", `is a name and a value with a colon between, not ${quote(text)}`);
      const property = [text.slice(0, colon), text.slice(colon + 1)] as const;
      for (const part of property) checkText("UserProperty", part);
      return property;
    });
    if (list.length > maximumCount) throw badValue("UserProperty", `comes more than ${maximumCount} times`);
    return ({ message }) => {
      message.outgoingUserProperties = list;
    };
  },
};
