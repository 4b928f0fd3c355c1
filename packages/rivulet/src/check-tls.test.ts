import { InvalidOptionError } from "@rivulet/engine";
import { describe, expect, test } from "vitest";
import { checkTls } from "./check-tls.ts";
import { MqttClient } from "./node.ts";

const tls = { ca: "authority.pem" };

describe("checkTls", () => {
  test.each(["mqtts://a", "ssl://a", "tls://a", "wss://a", new URL("MQTTS://a"), ["mqtt://a", "mqtts://a"]])(
    "lets options for TLS pass where a URL asks for it: %s",
    (target) => {
      checkTls(target, { tls });
    },
  );

  test.each(["mqtt://a", "ws://a", "mqtt+unix:///a", [new URL("mqtt://a"), "tcp://a"]])(
    "refuses them where nothing does: %s",
    (target) => {
      expect(() => new MqttClient(target, { tls })).toThrow(InvalidOptionError);
      expect(() => new MqttClient(target, { tls })).toThrow("There are options for TLS, and no URL that asks for it");
      expect(() => new MqttClient(target)).not.toThrow();
    },
  );

  test("does not know what a function returns, nor what other transports make of it", () => {
    checkTls(() => "mqtt://a", { tls });
    checkTls("mqtt://a", { tls, transports: [] });
  });
});
