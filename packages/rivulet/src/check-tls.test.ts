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

  test.each([
    ["ca", "There is no option ca: those of TLS stand in tls"],
    ["key", "There is no option key: those of TLS stand in tls"],
    ["servername", "There is no option servername: those of TLS stand in tls"],
    ["rejectUnauthorized", "There is no option rejectUnauthorized: tls.ca says whom to trust"],
  ])("says where %s belongs", (option, message) => {
    const options = { [option]: undefined };
    expect(() => new MqttClient("mqtts://a", options)).toThrow(InvalidOptionError);
    expect(() => new MqttClient("mqtts://a", options)).toThrow(message);
  });

  test("does not know what a function returns, nor what other transports make of it", () => {
    checkTls(() => "mqtt://a", { tls });
    checkTls("mqtt://a", { tls, transports: [] });
  });
});
