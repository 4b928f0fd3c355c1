import { expect, it } from "vitest";
import { settingOfOption, withSettingNames } from "./option-names.ts";

it("options have the names of the settings that they are made of", () => {
  expect(settingOfOption("tls.cipherList")).toBe("OpenSSLCipherList");
  expect(settingOfOption("tls.toString")).toBeUndefined();
  expect(settingOfOption("toString")).toBeUndefined();
});

it("messages speak of settings", () => {
  expect(withSettingNames("None of tls.cipherSuites goes with TLSv1.3")).toBe(
    "None of SSLEnabledCipherSuites goes with TLSv1.3",
  );
  expect(withSettingNames("tls.alpnProtocols stays")).toBe("tls.alpnProtocols stays");
});
